// Command serve runs the fake badge service with the token "secret". Its argument is the
// address to listen on; the default is 127.0.0.1:8099.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"badges.example/connector/badges"
)

func main() {
	address := "127.0.0.1:8099"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("http://" + listener.Addr().String())
	log.Fatal(http.Serve(listener, badges.New("secret")))
}
