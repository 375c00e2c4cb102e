package schema_test

import (
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/invopop/jsonschema"

	"soar.example/okta/schema"
)

type pointerHook string

func (*pointerHook) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

type pointerExtend struct {
	A string `json:"a" jsonschema:"title=A" jsonschema_description:"A."`
}

func (*pointerExtend) JSONSchemaExtend(*jsonschema.Schema) {}

type otherHook struct{}

func (otherHook) JSONSchema() string { return "" }

type numberHook int

func (numberHook) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "integer"} }

type objectHook struct{}

func (objectHook) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "object"} }

type untyped struct{}

func (untyped) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "boolean"}}}
}

type tree struct {
	Children []tree `json:"children" jsonschema:"title=Children" jsonschema_description:"Children."`
}

type ping struct {
	Pong *pong `json:"pong" jsonschema:"title=Pong" jsonschema_description:"Pong."`
}

type pong struct {
	Ping map[string]ping `json:"ping" jsonschema:"title=Ping" jsonschema_description:"Ping."`
}

type endless []endless

type endlessMap map[string]endlessMap

type endlessPointer *endlessPointer

type embedsItself struct{ *embedsItself }

type untagged struct{ Name string }

type twice struct {
	A string `json:"a" jsonschema_description:"D."`
}

// TestLint has one struct for each mistake. invopop/jsonschema accepts all of them silently.
func TestLint(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"unknown keyword": {field[struct {
			A string `json:"a" jsonschema:"title=A,minLenght=4" jsonschema_description:"D."`
		}](), `keyword "minLenght=4" would be dropped: it does not apply to string,`},
		"keyword without value": {field[struct {
			A string `json:"a" jsonschema:"title=A,required" jsonschema_description:"D."`
		}](), `keyword "required" has no value and would be dropped`},
		"unescaped comma": {field[struct {
			A string `json:"a" jsonschema:"title=First, then second" jsonschema_description:"D."`
		}](), `keyword " then second" has no value`},
		"string keyword on a number": {field[struct {
			A int `json:"a" jsonschema:"title=A,minLength=4" jsonschema_description:"D."`
		}](), `keyword "minLength=4" would be dropped: it does not apply to integer,`},
		"number keyword on a string": {field[struct {
			A string `json:"a" jsonschema:"title=A,minimum=4" jsonschema_description:"D."`
		}](), `keyword "minimum=4" would be dropped: it does not apply to string,`},
		"keyword on an object": {field[struct {
			A map[string]string `json:"a" jsonschema:"title=A,minLength=4" jsonschema_description:"D."`
		}](), `keyword "minLength=4" would be dropped: it does not apply to object,`},
		"keyword on anything": {field[struct {
			A any `json:"a" jsonschema:"title=A,enum=x" jsonschema_description:"D."`
		}](), `keyword "enum=x" would be dropped: it does not apply to any,`},
		"keyword on raw JSON": {field[struct {
			A json.RawMessage `json:"a" jsonschema:"title=A,minItems=1" jsonschema_description:"D."`
		}](), `keyword "minItems=1" would be dropped: it does not apply to any,`},
		"array keyword on bytes": {field[struct {
			A []byte `json:"a" jsonschema:"title=A,minItems=1" jsonschema_description:"D."`
		}](), `keyword "minItems=1" would be dropped: it does not apply to string,`},
		"string keyword on numbers": {field[struct {
			A []int `json:"a" jsonschema:"title=A,minLength=1" jsonschema_description:"D."`
		}](), `keyword "minLength=1" would be dropped: it does not apply to array of integer,`},
		"keyword on objects": {field[struct {
			A []base `json:"a" jsonschema:"title=A,enum=x" jsonschema_description:"D."`
		}](), `keyword "enum=x" would be dropped: it does not apply to array of object,`},
		"keyword on arrays of arrays": {field[struct {
			A [][]string `json:"a" jsonschema:"title=A,enum=x" jsonschema_description:"D."`
		}](), `keyword "enum=x" would be dropped: it does not apply to array of array,`},
		"example of booleans": {field[struct {
			A []bool `json:"a" jsonschema:"title=A,example=true" jsonschema_description:"D."`
		}](), `keyword "example=true" would be dropped: it does not apply to array of boolean,`},
		"keyword on a hook of another type": {field[struct {
			A numberHook `json:"a" jsonschema:"title=A,minLength=1" jsonschema_description:"D."`
		}](), `keyword "minLength=1" would be dropped: it does not apply to integer,`},
		"keyword on an object hook": {field[struct {
			A objectHook `json:"a" jsonschema:"title=A,default=1" jsonschema_description:"D."`
		}](), `keyword "default=1" would be dropped: it does not apply to object,`},
		"keyword on a hook without a type": {field[struct {
			A untyped `json:"a" jsonschema:"title=A,minLength=1" jsonschema_description:"D."`
		}](), `keyword "minLength=1" would be dropped: it does not apply to any,`},
		"equals sign in an array's keyword": {field[struct {
			A []string `json:"a" jsonschema:"title=A,pattern=^a=b$" jsonschema_description:"D."`
		}](), `keyword "pattern=^a=b$" would be dropped: it does not apply to array of string,`},
		"length that is not a number": {field[struct {
			A string `json:"a" jsonschema:"title=A,maxLength=-1" jsonschema_description:"D."`
		}](), `keyword "maxLength=-1" would be dropped: it does not apply to string,`},
		"minimum that is not a number": {field[struct {
			A int `json:"a" jsonschema:"title=A,minimum=one" jsonschema_description:"D."`
		}](), `keyword "minimum=one" would be dropped: it does not apply to integer,`},
		"minimum that JSON cannot represent": {field[struct {
			A float64 `json:"a" jsonschema:"title=A,minimum=Inf" jsonschema_description:"D."`
		}](), `invalid number literal "Inf"`},
		"default that is not a number": {field[struct {
			A int `json:"a,omitempty" jsonschema:"title=A,default=ten" jsonschema_description:"D."`
		}](), `keyword "default=ten" would be dropped: it does not apply to integer,`},
		"default that is not a boolean": {field[struct {
			A bool `json:"a,omitempty" jsonschema:"title=A,default=yes" jsonschema_description:"D."`
		}](), `keyword "default=yes" would be dropped: it does not apply to boolean,`},
		"default out of range": {field[struct {
			A int `json:"a,omitempty" jsonschema:"title=A,minimum=1,default=0" jsonschema_description:"D."`
		}](), "/a: the default does not match the schema: minimum: got 0, want 1"},
		"default out of the list": {field[struct {
			A string `json:"a,omitempty" jsonschema:"title=A,enum=x,enum=y,default=z" jsonschema_description:"D."`
		}](), "/a: the default does not match the schema"},
		"default of another type": {field[struct {
			A []int `json:"a,omitempty" jsonschema:"title=A,default=1" jsonschema_description:"D."`
		}](), "/a: the default does not match the schema: /0: got string, want integer"},
		"fraction as default": {field[struct {
			A int `json:"a,omitempty" jsonschema:"title=A,default=1.5" jsonschema_description:"D."`
		}](), "/a: the default does not match the schema: got number, want integer"},
		"default inside an array": {field[struct {
			A []struct {
				B string `json:"b,omitempty" jsonschema:"title=B,minLength=2,default=x" jsonschema_description:"D."`
			} `json:"a" jsonschema:"title=A" jsonschema_description:"D."`
		}](), "/a/b: the default does not match the schema"},
		"default of a required member": {field[struct {
			A int `json:"a" jsonschema:"title=A,default=1" jsonschema_description:"D."`
		}](), "has a default but is required"},
		"example that does not match the schema": {field[struct {
			A string `json:"a" jsonschema:"title=A,pattern=^x,example=y" jsonschema_description:"D."`
		}](), "/a: the example does not match the schema"},
		"invalid pattern": {field[struct {
			A string `json:"a" jsonschema:"title=A,pattern=(" jsonschema_description:"D."`
		}](), "not valid"},
		"invalid writeOnly": {field[struct {
			A string `json:"a" jsonschema:"title=A,writeOnly=yes" jsonschema_description:"D."`
		}](), `keyword "writeOnly=yes" would be dropped: it does not apply to string,`},
		"uniqueItems that is false": {field[struct {
			A []string `json:"a" jsonschema:"title=A,uniqueItems=false" jsonschema_description:"D."`
		}](), `keyword "uniqueItems=false" would be dropped: it does not apply to array of string,`},
		"keyword twice": {field[struct {
			A int `json:"a" jsonschema:"title=A,minimum=1,minimum=2" jsonschema_description:"D."`
		}](), `keyword "minimum" is given twice`},
		"no json name": {field[struct {
			A string `json:",omitempty" jsonschema:"title=A" jsonschema_description:"D."`
		}](), "has no json name"},
		"unknown json option": {field[struct {
			A int `json:"a,string" jsonschema:"title=A" jsonschema_description:"D."`
		}](), `json option "string" would not be in the schema`},
		"no description": {field[struct {
			A string `json:"a" jsonschema:"title=A"`
		}](), "has no description"},
		"two descriptions": {field[struct {
			A twice `json:"a" jsonschema_description:"D."`
		}](), "keep the comment"},
		"unknown extra": {field[struct {
			A string `json:"a" jsonschema:"title=A" jsonschema_extras:"x-group=expert" jsonschema_description:"D."`
		}](), `unknown extra "x-group=expert"`},
		"two groups": {field[struct {
			A string `json:"a" jsonschema:"title=A" jsonschema_extras:"x-group=basic,x-group=advanced" jsonschema_description:"D."`
		}](), "more than one x-group"},
		"options without an action": {field[struct {
			A string `json:"a" jsonschema:"title=A" jsonschema_extras:"x-options=" jsonschema_description:"D."`
		}](), "does not begin with the name of an action"},
		"options with an incomplete input": {field[struct {
			A string `json:"a" jsonschema:"title=A" jsonschema_extras:"x-options=list_a kind=" jsonschema_description:"D."`
		}](), `"kind=" does not have the form`},
		"name of an embedded field": {field[struct {
			base
			Z string `json:"zulu" jsonschema:"title=Z" jsonschema_description:"D."`
		}](), `Z: has the name "zulu"`},
		"embedded, unexported": {field[struct{ untagged }](), "untagged.Name: has no json name"},
		"embedded, not a struct": {field[struct {
			Embedded
		}](), "Embedded: has no json name"},
		"embedded under a name": {field[struct {
			Named `json:"named"`
		}](), "Named: has no description"},
		"inside a list": {field[struct {
			A []untagged `json:"a" jsonschema:"title=A" jsonschema_description:"D."`
		}](), "untagged.Name: has no json name"},
		"inside an array": {field[struct {
			A [2]untagged `json:"a" jsonschema:"title=A" jsonschema_description:"D."`
		}](), "untagged.Name: has no json name"},
		"inside a map of pointers": {field[struct {
			A map[string]*untagged `json:"a" jsonschema:"title=A" jsonschema_description:"D."`
		}](), "untagged.Name: has no json name"},
		"hook on a pointer receiver": {field[struct {
			A pointerHook `json:"a" jsonschema:"title=A" jsonschema_description:"D."`
		}](), "JSONSchema has a pointer receiver and would never be called"},
		"hook on a pointer receiver, of a pointer": {field[struct {
			A *pointerHook `json:"a" jsonschema:"title=A" jsonschema_description:"D."`
		}](), "JSONSchema has a pointer receiver and would never be called"},
		"hook on a pointer receiver, in a list": {field[struct {
			A []*pointerHook `json:"a" jsonschema:"title=A" jsonschema_description:"D."`
		}](), "JSONSchema has a pointer receiver and would never be called"},
		"extending hook on a pointer receiver": {field[pointerExtend](), "JSONSchemaExtend has a pointer receiver"},
		"hook of another form": {field[struct {
			A otherHook `json:"a" jsonschema:"title=A" jsonschema_description:"D."`
		}](), "JSONSchema does not have the form func() *jsonschema.Schema"},
		"map with numbers for names": {field[struct {
			A map[int]string `json:"a" jsonschema:"title=A" jsonschema_description:"D."`
		}](), "only strings can be names"},
		"function": {field[struct {
			A func() `json:"a" jsonschema:"title=A" jsonschema_description:"D."`
		}](), "has no JSON form"},
		"complex number": {field[struct {
			A []complex128 `json:"a" jsonschema:"title=A" jsonschema_description:"D."`
		}](), "has no JSON form"},
		"itself in a list":       {field[tree](), "tree contains itself"},
		"itself in another type": {field[ping](), "ping contains itself"},
		"itself by embedding":    {field[embedsItself](), "embedsItself contains itself"},
		"a list of itself": {field[struct {
			A endless `json:"a" jsonschema:"title=A" jsonschema_description:"D."`
		}](), "endless contains itself"},
		"a map of itself": {field[struct {
			A endlessMap `json:"a" jsonschema:"title=A" jsonschema_description:"D."`
		}](), "endlessMap contains itself"},
		"a pointer to itself": {field[struct {
			A endlessPointer `json:"a" jsonschema:"title=A" jsonschema_description:"D."`
		}](), "endlessPointer contains itself"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.err == nil {
				t.Fatal("the type was accepted")
			}
			if !strings.Contains(c.err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", c.err, c.want)
			}
			if strings.Contains(c.err.Error(), "file://") {
				t.Errorf("the error reveals the working directory: %v", c.err)
			}
		})
	}
}

// Embedded is a string that a struct can embed.
type Embedded string

// Named is a struct that another can embed.
type Named struct {
	A string `json:"a" jsonschema:"title=A" jsonschema_description:"D."`
}

func field[T any]() error {
	s, err := schema.Input[T]()
	if err != nil {
		return err
	}
	return s.Verify()
}

func TestLintReportsAllMistakes(t *testing.T) {
	type many struct {
		A string `json:"a"`
		B int    `jsonschema:"title=B,minLength=1" jsonschema_description:"D."`
	}
	err := field[many]()
	if err == nil {
		t.Fatal("the type was accepted")
	}
	for _, want := range []string{"A: has no description", "B: has no json name", `B: keyword "minLength=1"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

func TestLintAccepts(t *testing.T) {
	type fine struct {
		When    *time.Time     `json:"when,omitempty" jsonschema:"title=When,example=2026-03-14T00:00:00Z" jsonschema_description:"D."`
		IP      net.IP         `json:"ip,omitempty" jsonschema:"title=IP,example=192.0.2.1" jsonschema_description:"D."`
		Filter  string         `json:"filter,omitempty" jsonschema:"title=Filter,example=a eq \"b=c\\,d\"" jsonschema_description:"D."`
		Numbers []int          `json:"numbers,omitempty" jsonschema:"title=Numbers,minimum=1,enum=1,enum=2,minItems=1" jsonschema_description:"D."`
		Words   []string       `json:"words,omitempty" jsonschema:"title=Words = more,default=a,default=b,minLength=1" jsonschema_description:"D."`
		Bytes   []byte         `json:"bytes,omitempty" jsonschema:"title=Bytes,minLength=4" jsonschema_description:"D."`
		Either  untyped        `json:"either,omitempty" jsonschema:"title=Either" jsonschema_description:"D."`
		Free    map[string]any `json:"free,omitempty" jsonschema:"title=Free" jsonschema_description:"D."`
		One     *base          `json:"one,omitempty" jsonschema:"title=One" jsonschema_description:"D."`
		Other   *base          `json:"other,omitempty" jsonschema:"title=Other" jsonschema_description:"A type that occurs twice is not recursive."`
	}
	s := input[fine](t)
	if got := string(s.Root().Property("words").Default); got != `["a","b"]` {
		t.Errorf("the default of a list is %s", got)
	}
	if v := s.Check(json.RawMessage(`{"bytes":"AAAA","either":true,"words":["x"],"ip":"192.0.2.7"}`)); v != nil {
		t.Error(v)
	}
}
