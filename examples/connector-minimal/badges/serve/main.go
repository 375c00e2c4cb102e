// Command serve runs the fake badge service at http://127.0.0.1:8099 with the token "secret".
package main

import (
	"log"
	"net/http"

	"badges.example/connector/badges"
)

func main() { log.Fatal(http.ListenAndServe("127.0.0.1:8099", badges.New("secret"))) }
