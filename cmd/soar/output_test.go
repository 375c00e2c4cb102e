package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"testing"

	"soar.example/okta/internal/terminal"
)

// Each case is a value as JSON, and its rows.
func TestCSV(t *testing.T) {
	for name, c := range map[string]struct {
		value string
		want  [][]string
	}{
		"list":                   {`[{"b":1,"a":"x"},{"a":"y","c":true}]`, [][]string{{"b", "a", "c"}, {"1", "x", ""}, {"", "y", "true"}}},
		"empty list":             {`[]`, nil},
		"page":                   {`{"users":[{"id":"1"}],"next":"2"}`, [][]string{{"id"}, {"1"}}},
		"empty page":             {`{"users":[]}`, nil},
		"object":                 {`{"id":"1","profile":{"a":1},"groups":[{"x":1}]}`, [][]string{{"id", "profile", "groups"}, {"1", `{"a":1}`, `[{"x":1}]`}}},
		"result of a write":      {`{"outcome":"changed","users":[{"id":"1"}]}`, [][]string{{"outcome", "users"}, {"changed", `[{"id":"1"}]`}}},
		"texts":                  {`["a","b"]`, [][]string{{"value"}, {"a"}, {"b"}}},
		"null":                   {`[{"a":null,"b":1}]`, [][]string{{"a", "b"}, {"", "1"}}},
		"quotes and line breaks": {`[{"a":"x,\"y\"\nz"}]`, [][]string{{"a"}, {"x,\"y\"\nz"}}},
		"equals sign":            {`[{"a":"=1+1"}]`, [][]string{{"a"}, {"'=1+1"}}},
		"plus sign":              {`[{"a":"+1"}]`, [][]string{{"a"}, {"'+1"}}},
		"minus sign":             {`[{"a":"-1"},{"a":-2}]`, [][]string{{"a"}, {"'-1"}, {"'-2"}}},
		"at sign":                {`[{"a":"@SUM(A1)"}]`, [][]string{{"a"}, {"'@SUM(A1)"}}},
		"tab":                    {`[{"a":"\t=1"}]`, [][]string{{"a"}, {"'\t=1"}}},
		"carriage return":        {`[{"a":"\r=1"}]`, [][]string{{"a"}, {"'\r=1"}}},
		"line feed":              {`[{"a":"\n=1"}]`, [][]string{{"a"}, {"'\n=1"}}},
		"full-width sign":        {`[{"a":"＝1"}]`, [][]string{{"a"}, {"'＝1"}}},
		"formula as a name":      {`[{"=cmd":"a"}]`, [][]string{{"'=cmd"}, {"a"}}},
		"formula in the middle":  {`[{"a":"x=1"}]`, [][]string{{"a"}, {"x=1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			a := &app{out: terminal.New(&out)}
			if err := a.csv(json.RawMessage(c.value)); err != nil {
				t.Fatal(err)
			}
			got, err := csv.NewReader(&out).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(got, c.want, slices.Equal[[]string]) {
				t.Errorf("got %q", got)
			}
		})
	}
}
