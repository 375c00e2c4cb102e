package inputfile

import (
	"fmt"
	"strings"
	"testing"
)

func TestLists(t *testing.T) {
	line := func(s string) ([]Item, error) { return ParseLine(s) }
	list := func(s string) ([]Item, error) { return ParseList([]byte(s)) }
	column := func(name string) func(string) ([]Item, error) {
		return func(s string) ([]Item, error) { return ParseColumn([]byte(s), name) }
	}
	login := column("login")
	for name, c := range map[string]struct {
		parse func(string) ([]Item, error)
		text  string
		want  string // the items with their line numbers
		fails string // part of the error
	}{
		"names":                  {line, "a@x,b@x", "a@x:1 b@x:1", ""},
		"spaces around names":    {line, " a@x , b@x ", "a@x:1 b@x:1", ""},
		"comma in quotes":        {line, `"Doe, Jane",b`, "Doe, Jane:1 b:1", ""},
		"quote in quotes":        {line, `"a ""b"" c"`, `a "b" c:1`, ""},
		"at sign in quotes":      {line, `"@name"`, "@name:1", ""},
		"dash in quotes":         {line, `"-"`, "-:1", ""},
		"several lines":          {line, "a\nb", "a:1 b:2", ""},
		"bare quote":             {line, `a"b`, "", "in double quotes"},
		"empty name":             {line, "a,,b", "", "item 2 is empty"},
		"comma at the end":       {line, "a,", "", "item 2 is empty"},
		"nothing":                {line, "", "", "has no items"},
		"NUL in a name":          {line, "a\x00b", "", "item 1 contains the control character U+0000"},
		"name not in UTF-8":      {line, "a\xff", "", "item 1 is not in UTF-8"},
		"lines":                  {list, "a\nb\n", "a:1 b:2", ""},
		"no line break at end":   {list, "a\nb", "a:1 b:2", ""},
		"comments and blanks":    {list, "# all\n\n  \na\n  # b\nc#d\n", "a:4 c#d:6", ""},
		"BOM and CRLF":           {list, "\ufeffa\r\nb\r\n", "a:1 b:2", ""},
		"CR only":                {list, "a\rb\r", "a:1 b:2", ""},
		"BOM before a comment":   {list, "\ufeff# all\r\na", "a:2", ""},
		"commas stay":            {list, "Doe, Jane", "Doe, Jane:1", ""},
		"quotes stay":            {list, `"a"`, `"a":1`, ""},
		"only comments":          {list, "# a\n", "", "has no items"},
		"empty file":             {list, "", "", "has no items"},
		"NUL":                    {list, "a\n\x00b", "", "line 2 contains a NUL"},
		"not UTF-8":              {list, "a\n\nb\xe9\n", "", "line 3 is not in UTF-8"},
		"UTF-16":                 {list, "\xff\xfea\x00", "", "is in UTF-16"},
		"UTF-16, big-endian":     {list, "\xfe\xff\x00a", "", "is in UTF-16"},
		"escape sequence":        {list, "a\n\x1b[2Jb", "", "line 2 contains the control character U+001B"},
		"C1 control":             {list, "a\u009bb", "", "line 1 contains the control character U+009B"},
		"two bad lines":          {list, "a\x01\nb\nc\x02", "", "line 1 contains the control character U+0001; line 3"},
		"many bad lines":         {list, strings.Repeat("a\x01\n", 30), "", "and 20 more bad rows"},
		"long line":              {list, strings.Repeat("a", 5000), "", "line 1 has 5000 bytes"},
		"too many":               {list, numbered(MaxItems + 1), "", "has 10001 items"},
		"column":                 {login, "id,login\n1,a@x\n2,b@x\n", "a@x:2 b@x:3", ""},
		"column with BOM, CRLF":  {login, "\ufefflogin,id\r\na@x,1\r\n", "a@x:2", ""},
		"quoted cells":           {login, "id,login\n1,\"Doe, J\"\n2,\"a \"\"b\"\"\"\n", `Doe, J:2 a "b":3`, ""},
		"cell of two lines":      {login, "note,login\n\"x\ny\",a\n,b\n", "a:3 b:4", ""},
		"semicolons":             {login, "id;login\n1;a,b\n", "a,b:2", ""},
		"tabs":                   {login, "id\tlogin\n\ta\n", "a:2", ""},
		"other case":             {login, "ID,Login\n1,a\n", "a:2", ""},
		"exact case first":       {login, "LOGIN,login\na,b\n", "b:2", ""},
		"spaces around columns":  {login, "id, login \n1, a \n", "a:2", ""},
		"one column":             {login, "login\na\nb\n", "a:2 b:3", ""},
		"blank row":              {login, "id,login\n\n1,a\n", "a:3", ""},
		"hash is no comment":     {login, "id,login\n#1,a\n", "a:2", ""},
		"no column name":         {column(""), "id,login\n1,a\n", "", `--column. The columns are "id", "login"`},
		"unknown column":         {column("user"), "id,login\n1,a\n", "", `has no column "user". The columns are "id", "login"`},
		"column twice":           {login, "login,login\na,b\n", "", `has several columns "login"`},
		"column in two cases":    {column("LoGin"), "login,LOGIN\na,b\n", "", "has several columns"},
		"hostile column name":    {login, "\"\x1b[2J\",b\n1,2\n", "", `The columns are "\x1b[2J", "b"`},
		"empty CSV":              {login, "", "", "is empty"},
		"only a first line":      {login, "id,login\n", "", "has no items"},
		"empty cell":             {login, "id,login\n1,a\n2,\n3,c\n", "", "line 3 is empty"},
		"row with fewer cells":   {login, "id,login\n1\n2,b\n", "", "line 2 has 1 columns, but the first line has 2"},
		"row with more cells":    {login, "id,login\n1,a\n2,b,c\n", "", "line 3 has 3 columns"},
		"quote without end":      {login, "id,login\n1,\"a\n2,b\n", "", "line 3"},
		"quote in a cell":        {login, "id,login\n1,a\"b\n", "", "line 2"},
		"NUL in CSV":             {login, "id,login\n1,a\x00\n", "", "line 2 contains a NUL"},
		"control in a cell":      {login, "id,login\n1,a\x08\n", "", "line 2 contains the control character U+0008"},
		"line break in the cell": {login, "id,login\n1,\"a\nb\"\n", "", "line 2 contains the control character U+000A"},
	} {
		t.Run(name, func(t *testing.T) {
			items, err := c.parse(c.text)
			var got []string
			for _, i := range items {
				got = append(got, fmt.Sprintf("%s:%d", i.Text, i.Line))
			}
			switch {
			case c.fails == "" && err != nil:
				t.Error(err)
			case c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)):
				t.Errorf("the error is %v, without %q", err, c.fails)
			case c.fails == "" && strings.Join(got, " ") != c.want:
				t.Errorf("got %q", got)
			}
		})
	}
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintln(&b, i)
	}
	return b.String()
}
