package playbook

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"soar.example/okta/sdk"
)

// The limits of a test process: more virtual memory than the runtime reserves, and far less
// than an expression without bounds uses.
const (
	memoryLimit = "4000000" // KiB, of ulimit -v
	timeLimit   = 10 * time.Second
)

// limited runs the test again in a child process with limited memory. It reports whether this
// is that process.
func limited(t *testing.T) bool {
	t.Helper()
	const inside = "SOAR_TEST_LIMITED"
	if os.Getenv(inside) == t.Name() {
		return true
	}
	if runtime.GOOS != "linux" || racing {
		t.Skip("the memory of a process is limited on Linux only, and without the race detector")
	}
	c := exec.CommandContext(t.Context(), "/bin/sh", "-c", `ulimit -v `+memoryLimit+` && exec "$0" "$@"`, os.Args[0], "-test.run=^"+t.Name()+"$",
		"-test.count=1", "-test.v")
	c.Env = append(os.Environ(), inside+"="+t.Name())
	out, err := c.CombinedOutput()
	if err != nil {
		if len(out) > 20_000 {
			out = out[:20_000]
		}
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("the test did not run:\n%s", out)
	}
	return false
}

// extremes are variables of each type. Their values are as large as an event can make them,
// or lead to the largest result.
func extremes() (map[string]*types.Type, binding) {
	big := strings.Repeat("a", 1<<20)
	var list any = big
	for range 60 { // 2^60 texts, written out
		list = []any{list, list}
	}
	texts := make([]any, 200_000)
	for i := range texts {
		texts[i] = "abcdefgh"
	}
	members := map[string]any{}
	for i := range 50_000 {
		members[fmt.Sprint(i)] = "abcdefgh"
	}
	variables := map[string]*types.Type{}
	values := binding{}
	add := func(name string, t *types.Type, v any) { variables[name], values[name] = t, v }
	add("s_empty", types.StringType, "")
	add("s_one", types.StringType, "a")
	add("s_half", types.StringType, strings.Repeat("a", 1<<19)+"b")
	add("s_big", types.StringType, big)
	add("s_pattern", types.StringType, strings.Repeat("(a?){100}", 400))
	add("s_format", types.StringType, strings.Repeat("%s%.99999f%b%x%e", 1000))
	add("s_zone", types.StringType, "America/New_York")
	add("b_big", types.BytesType, []byte(big))
	add("i_zero", types.IntType, int64(0))
	add("i_minus", types.IntType, int64(-1))
	add("i_huge", types.IntType, int64(1<<62))
	add("u_huge", types.UintType, uint64(1<<63))
	add("d_huge", types.DoubleType, 1e308)
	add("t_true", types.BoolType, true)
	add("l_deep", types.NewListType(types.DynType), list)
	add("l_texts", types.NewListType(types.StringType), texts)
	add("l_same", types.NewListType(types.StringType), slices.Repeat([]any{big}, 10_000))
	add("m_big", types.NewMapType(types.StringType, types.StringType), members)
	add("x_deep", types.DynType, list)
	add("x_big", types.DynType, big)
	add("time", types.TimestampType, time.Unix(0, 0))
	add("span", types.DurationType, time.Hour)
	return variables, values
}

// TestEveryFunctionIsBounded calls each function of expressions on the largest values, alone
// and in loops. A new function of CEL without a bound does not compile. A function with a
// wrong bound runs out of memory or time.
func TestEveryFunctionIsBounded(t *testing.T) {
	if !limited(t) {
		return
	}
	variables, values := extremes()
	c := testCompiler(t, variables)
	byType := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if special[name] == "" {
			byType[variables[name].String()] = append(byType[variables[name].String()], name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.env.Functions())) {
		decl := c.env.Functions()[name]
		if strings.HasPrefix(name, "yaml.") {
			continue // not bounded, so it does not compile
		}
		if _, known := efforts[name]; !known {
			t.Errorf("the function %s has no entry in efforts", name)
			continue
		}
		ran := 0
		for _, o := range decl.OverloadDecls() {
			all := calls(name, o, byType)
			for _, call := range all {
				if evaluates(t, c, call, values) {
					ran++
				}
			}
			if len(all) > 0 && efforts[name] != nil {
				evaluates(t, c, "l_texts.map(i, "+all[len(all)-1]+")", values)
			}
		}
		if ran == 0 && !slices.Contains(unspeakable, name) {
			t.Errorf("no call of %s was evaluated: add a value of its argument's type", name)
		}
	}
}

// unspeakable are functions that no expression can name. CEL's macros or older versions use
// them.
var unspeakable = []string{operators.NotStrictlyFalse, oldNotStrictlyFalse, operators.OldIn, "in", knownCall, truthCall, absentCall, "@sortByAssociatedKeys"}

func testCompiler(t testing.TB, variables map[string]*types.Type) *compiler {
	t.Helper()
	o, err := newObjects()
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCompiler(newReport("x", ""), o, variables, slices.Sorted(maps.Keys(variables)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// special are values with a large effect as one argument of one function.
var special = map[string]string{"s_half": "lastIndexOf 1", "s_pattern": "matches 1", "s_format": "format 0", "s_zone": "get 1"}

// calls returns expressions that call an overload with each combination of arguments.
func calls(function string, o *decls.OverloadDecl, byType map[string][]string) []string {
	combinations := [][]string{nil}
	for i, arg := range o.ArgTypes() {
		possible := argumentsOf(arg, byType)
		for name, of := range special {
			if of == fmt.Sprint(function, " ", i) || strings.HasPrefix(function, "get") && of == fmt.Sprint("get ", i) {
				possible = append(slices.Clone(possible), name)
			}
		}
		var more [][]string
		for _, c := range combinations {
			for _, v := range possible {
				more = append(more, append(slices.Clone(c), v))
			}
		}
		combinations = more
	}
	var all []string
	for _, args := range combinations {
		symbol, operator := operators.FindReverse(function)
		switch {
		case function == operators.Conditional:
			all = append(all, args[0]+" ? "+args[1]+" : "+args[2])
		case function == operators.Index:
			all = append(all, args[0]+"["+args[1]+"]")
		case function == operators.OptIndex:
			all = append(all, args[0]+"[?"+args[1]+"]")
		case function == operators.OptSelect:
			all = append(all, args[0]+".?a")
		case operator && len(args) == 1:
			all = append(all, symbol+args[0])
		case operator:
			all = append(all, args[0]+" "+symbol+" "+args[1])
		case o.IsMemberFunction():
			all = append(all, args[0]+"."+function+"("+strings.Join(args[1:], ", ")+")")
		default:
			all = append(all, function+"("+strings.Join(args, ", ")+")")
		}
	}
	return all
}

// argumentsOf returns expressions of a type.
func argumentsOf(arg *types.Type, byType map[string][]string) []string {
	switch arg.Kind() {
	case types.TypeParamKind, types.DynKind, types.AnyKind:
		return []string{"x_deep", "x_big", "l_deep", "s_big"}
	case types.ListKind:
		if inner := arg.Parameters()[0]; inner.Kind() == types.OpaqueKind {
			return []string{"l_texts.map(i, optional.of(i))"}
		}
		return []string{"l_deep", "l_texts", "l_same"}
	case types.MapKind:
		return []string{"m_big"}
	case types.OpaqueKind:
		switch arg.TypeName() {
		case "net.IP":
			return []string{`ip("192.0.2.1")`}
		case "net.CIDR":
			return []string{`cidr("192.0.2.0/24")`}
		}
		return []string{"optional.of(x_deep)", "optional.of(l_deep)", "optional.of(m_big)"}
	}
	return byType[arg.String()]
}

// evaluates reports whether the expression compiles. The evaluation must end soon, with a
// value or an error.
func evaluates(t *testing.T, c *compiler, expr string, values binding) bool {
	t.Helper()
	c.report = newReport("x", expr)
	x := c.compile(expr, &node{kind: text, text: expr, line: 1, column: 1}, 0, afterAll)
	if x == nil {
		return false
	}
	begun := time.Now()
	v, err := x.eval(values)
	if took := time.Since(begun); took > timeLimit {
		t.Errorf("%s took %s", expr, took)
	}
	if err == nil {
		if raw, err := toJSON(v); err == nil {
			if doc, err := marshal(raw); err == nil && len(doc) > 10*maxEffort {
				t.Errorf("%s gave %d MiB", expr, len(doc)>>20)
			}
		}
	}
	return true
}

// TestExpressionBombs evaluates expressions of a few hundred bytes whose values grow in every
// step.
func TestExpressionBombs(t *testing.T) {
	if !limited(t) {
		return
	}
	message, err := json.Marshal(map[string]any{"displayMessage": strings.Repeat("message ", 200), "list": slices.Repeat([]string{"a"}, 60_000)})
	if err != nil {
		t.Fatal(err)
	}
	nest := func(n int, inner, step string) string {
		for range n {
			inner = strings.ReplaceAll(step, "X", inner)
		}
		return inner
	}
	chain := func(n int, step string) string { return "[raw]" + strings.Repeat(step, n) }
	for name, condition := range map[string]string{
		"nested replace": `(((raw.displayMessage).replace('', raw.displayMessage))` +
			`.replace('', (raw.displayMessage).replace('', raw.displayMessage))).size() > 0`,
		"replace in loops":         chain(8, `.map(x, string(raw.displayMessage).replace('', string(raw.displayMessage)))`) + `.size() > 0`,
		"text that doubles":        `["aaaaaaaa"]` + strings.Repeat(`.map(x, x + x)`, 40) + `.size() > 0`,
		"bytes that double":        `[b"aaaaaaaa"]` + strings.Repeat(`.map(x, x + x)`, 40) + `.size() > 0`,
		"list that doubles":        `[[1]]` + strings.Repeat(`.map(x, x + x)`, 40) + `.size() > 0`,
		"pairs of pairs, compared": chain(40, `.map(x, [x, x])`) + ` == ` + chain(40, `.map(x, [x, x])`),
		"pairs of pairs, sought":   `(` + chain(40, `.map(x, [x, x])`) + `) in [` + chain(40, `.map(x, [x, x])`) + `]`,
		"maps of maps, compared":   chain(40, `.map(x, {'a': x, 'b': x})`) + ` == ` + chain(40, `.map(x, {'a': x, 'b': x})`),
		"optionals of pairs":       chain(40, `.map(x, [optional.of(x), optional.of(x)])`) + ` == ` + chain(40, `.map(x, [optional.of(x), optional.of(x)])`),
		"pairs of pairs, written":  `"%s".format([` + chain(40, `.map(x, [x, x])`) + `]).size() > 0`,
		"format with a precision":  `"%.999999999f".format([1.0]).size() > 0`,
		"format with many numbers": `["` + strings.Repeat("%e", 1000) + `"].map(f, f.format(raw.list.map(x, 1e300))).size() > 0`,
		"join of copies":           `raw.list.map(x, string(raw.displayMessage)).join(string(raw.displayMessage)).size() > 0`,
		"split into letters":       `raw.list.map(x, string(raw.displayMessage).split('')).size() > 0`,
		"quotes of quotes":         nest(20, `string(raw.displayMessage)`, `strings.quote(X)`) + `.size() > 0`,
		"large maps in a loop":     `raw.list.map(x, {'k': x, ` + manyKeys(300) + `}).size() > 0`,
		"large lists in a loop":    `raw.list.map(x, [x` + strings.Repeat(`, 1`, 1000) + `]).size() > 0`,
		"loops in loops":           `raw.list.all(a, raw.list.all(b, raw.list.all(c, a + b + c != '')))`,
		"loops over letters":       `raw.list.map(x, raw.list.map(y, x + y)).size() > 0`,
		"pattern of repetitions":   `raw.list.all(x, string(raw.displayMessage).matches(x + '(a{0,100}){0,10}(b{0,100}){0,10}(c{0,100}){0,10}(d{0,100}){0,10}$'))`,
		"pattern from the event":   `raw.list.all(x, string(raw.displayMessage).matches("((.*)(.*)(.*)(.*)(.*)(.*)){20}" + string(x)))`,
		"time zones in a loop":     `raw.list.all(x, timestamp("2026-01-01T00:00:00Z").getHours("America/New_York") > -1)`,
		"search in a long text": `[string(raw.displayMessage)].map(x, x + x + x + x + x + x + x + x)` +
			`.map(x, x.lastIndexOf(x + 'b') + (x + x).indexOf(x + 'b')).size() > 0`,
	} {
		t.Run(name, func(t *testing.T) {
			if len(condition) > maxExpression {
				t.Fatalf("the expression has %d bytes", len(condition))
			}
			source := fmt.Sprintf("name: a\ntitle: A\ntrigger: system_log\nevent_types: ['*']\ncondition: %q\n"+
				"steps: [{id: look, action: get_user, with: {user: ann}}]\n", condition)
			p, err := Load("f.yaml", []byte(source), Connections{"test": manifest(t)})
			if err != nil {
				t.Logf("rejected: %v", err)
				return
			}
			begun := time.Now()
			holds, err := p.Match(sdk.RawEvent{Type: "a.b", Data: message})
			took := time.Since(begun)
			t.Logf("%v, %v in %s", holds, err, took)
			if took > timeLimit {
				t.Errorf("took %s", took)
			}
			if err != nil && len(err.Error()) > 2000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

// TestGrowingExpressions rejects a file whose expression costs far too much on an ordinary
// event. It accepts loops and changes of text that playbooks need.
func TestGrowingExpressions(t *testing.T) {
	const bomb = `(((X).replace('', X)).replace('', (X).replace('', X))).size() > 0`
	for condition, rejected := range map[string]bool{
		strings.ReplaceAll(bomb, "X", "raw.displayMessage"):                                        true,
		strings.ReplaceAll(bomb, "X", "event.severity"):                                            true,
		strings.ReplaceAll(bomb, "X", "(event.severity + raw.x)"):                                  true,
		`raw.t` + strings.Repeat(`.replace("", raw.t)`, 6) + `.size() > 0`:                         true,
		`[raw.t]` + strings.Repeat(`.map(x, x.replace("", x))`, 4) + `.size() > 0`:                 true,
		`event.target.map(t, t.id)` + strings.Repeat(`.map(x, x.replace("", x))`, 4) + ` != []`:    true,
		`"aa" + string(raw.t)` + strings.Repeat(`.replace(" ", "-")`, 20) + ` != ""`:               false,
		`raw.a.exists(a, raw.b.exists(b, raw.c.exists(c, a.id == b.id && b.id == c.id)))`:          false,
		`event.target.exists(t, raw.roles.exists(r, t.id.lowerAscii() == r.id.lowerAscii()))`:      false,
		`raw.userAgent.lowerAscii().split(" ").filter(w, w.matches("^curl/[0-9.]+$")).size() > 0`:  false,
		`raw.a.split(",").map(x, x.split("=")[0].trim()).join(",").replace(",", ", ") != "a, b"`:   false,
		`event.actor.alternateId.replace(event.severity, "").replace("@", "") != raw.login`:        false,
		`raw.a.map(x, raw.b.map(y, x + "/" + y).join(" ")).join(" ").contains(event.actor.id)`:     false,
		strings.Repeat(`(raw.displayMessage + " ").replace("a", raw.x) != "" && `, 20) + `true`:    false,
		`strings.quote(strings.quote(strings.quote(raw.displayMessage))).replace("\\", "/") != ""`: false,
	} {
		for where, format := range map[string]string{
			"condition": "condition: %q\nsteps: [{id: a, action: get_user, with: {user: ann}}]\n",
			"if":        "steps: [{id: a, action: get_user, if: %q, with: {user: ann}}]\n",
			"with":      "steps: [{id: a, action: get_user, with: {user: %q}}]\n",
		} {
			expr := condition
			if where == "with" {
				expr = "x ${{ " + expr + " }}"
			}
			_, err := Load("f.yaml", []byte(header+fmt.Sprintf(format, expr)), Connections{"test": manifest(t)})
			if rejected != (err != nil) || err != nil && !strings.Contains(err.Error(), "grows too fast") {
				t.Errorf("%s %s: got %v, want it rejected: %t", where, condition, err, rejected)
			}
		}
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "'%d': %d, ", i, i)
	}
	return strings.TrimSuffix(b.String(), ", ")
}

// TestInputBombs evaluates inputs whose values are small, but whose JSON is large.
func TestInputBombs(t *testing.T) {
	if !limited(t) {
		return
	}
	data, err := json.Marshal(map[string]any{"displayMessage": strings.Repeat("message ", 50_000), "list": slices.Repeat([]string{"a"}, 60_000)})
	if err != nil {
		t.Fatal(err)
	}
	for name, with := range map[string]string{
		"pairs of pairs":       `details: {a: "${{ [raw]` + strings.Repeat(`.map(x, [x, x])`, 40) + ` }}"}`,
		"the event many times": `details: {a: "${{ raw.list.map(x, raw) }}"}`,
		"in many members":      "details:\n" + strings.Repeat("  kN: ${{ raw }}\n", 400),
		"in many parts":        `user: "` + strings.Repeat(`${{ string(raw.displayMessage) }}`, 400) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			for i := 0; strings.Contains(with, "kN"); i++ {
				with = strings.Replace(with, "kN", fmt.Sprint("k", i), 1)
			}
			c := testCompiler(t, map[string]*types.Type{"raw": types.DynType})
			c.report = newReport("x", with)
			in := inputs{loader: &loader{report: c.report, compiler: c, objects: c.objects}, reader: afterAll, evaluated: map[string]bool{}}
			root := c.report.parseYAML(with)
			if err := c.report.err(); err != nil {
				t.Fatal(err)
			}
			v := in.value(root, nil, "", false)
			if err := c.report.err(); err != nil {
				t.Fatal(err)
			}
			raw, err := decode(data, nil)
			if err != nil {
				t.Fatal(err)
			}
			e := evaluation{binding: binding{"raw": raw}}
			v.eval(&e)
			if len(e.wrong) == 0 {
				t.Fatal("was evaluated")
			}
			if message := e.wrong[0].Message; !strings.Contains(message, "million bytes") {
				t.Error(message)
			}
		})
	}
}

// TestInputTooLarge checks the limit of the data that an expression reads.
func TestInputTooLarge(t *testing.T) {
	p := withCondition(t, `raw.x == 1`)
	_, err := p.Match(sdk.RawEvent{Type: "a", Data: json.RawMessage(`{"x": "` + strings.Repeat("a", maxInput) + `"}`)})
	if err == nil || !strings.Contains(err.Error(), "the limit is 33554432") {
		t.Error(err)
	}
}

// TestSmallCalls checks that the bounds allow the expressions of ordinary playbooks.
func TestSmallCalls(t *testing.T) {
	for _, condition := range []string{
		`"a-b-c".replace("-", "+") == "a+b+c"`, `"a-b-c".replace("", "+", 2) == "+a+-b-c"`, `"a,b".split(",") == ["a", "b"]`, `["a", "b"].join("-") == "a-b"`,
		`"%s %d %.2f %x".format(["a", 1, 2.5, 255]) == "a 1 2.50 ff"`, `strings.quote("a\"b") == "\"a\\\"b\""`,
		`"abc".indexOf("c") == 2 && "abcabc".lastIndexOf("a") == 3`,
		`event.actor.alternateId.matches("@corp\\.example$") || true`, `"a1" .matches("[a-z]" + "[0-9]")`, `dyn("a") + dyn("b") == "ab"`,
		`dyn([1]) + dyn([2]) == [1, 2]`,
		`dyn(1) + dyn(2) == 3`, `1 + 2 == 3 && 1.5 + 1.5 == 3.0`, `timestamp("2026-01-01T00:00:00Z") + duration("1h") > timestamp("2026-01-01T00:00:00Z")`,
		`timestamp("2026-07-01T00:00:00Z").getHours("Europe/Paris") == 2`, `string(1) == "1" && int("1") == 1 && string(b"a") == "a"`,
		`size("abc") == 3 && size([1]) == 1 && "abc".size() == 3`,
		`1 in [1, 2] && "a" in {"a": 1} && !(3 in [1, 2])`, `[1, [2]] == [1, [2]] && {"a": [1]} != {"a": [2]}`, `null == null && (dyn(null) != 1) == null`,
		`optional.of(1).hasValue() && [optional.of(1), optional.none()].unwrapOpt() == [1]`,
		`"ABC".lowerAscii() == "abc" && "abc".reverse() == "cba" && " a ".trim() == "a"`,
		`"abc".substring(1) == "bc" && "abc".charAt(1) == "b" && "abc" < "abd"`,
	} {
		holds, err := withCondition(t, condition).Match(realEvent(t))
		if err != nil || !holds {
			t.Errorf("%s: %v, %v", condition, holds, err)
		}
	}
}
