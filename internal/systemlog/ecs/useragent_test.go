package ecs

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"github.com/ua-parser/uap-go/uaparser"
)

// example writes a text that a regular expression matches. It uses capitals if case is ignored.
// pick selects among alternatives.
func example(re *syntax.Regexp, pick int, b *strings.Builder) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if re.Flags&syntax.FoldCase != 0 && pick == 1 {
				r = []rune(strings.ToUpper(string(r)))[0]
			}
			// K and s have further forms outside ASCII.
			if re.Flags&syntax.FoldCase != 0 && pick == 2 {
				r = []rune(strings.NewReplacer("K", "\u212a", "k", "\u212a", "S", "\u017f", "s", "\u017f").Replace(string(r)))[0]
			}
			b.WriteRune(r)
		}
	case syntax.OpCharClass:
		b.WriteRune(re.Rune[pick*2%len(re.Rune)])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('~')
	case syntax.OpCapture, syntax.OpPlus:
		example(re.Sub[0], pick, b)
	case syntax.OpStar, syntax.OpQuest:
		if pick > 0 {
			example(re.Sub[0], pick, b)
		}
	case syntax.OpRepeat:
		for range re.Min {
			example(re.Sub[0], pick, b)
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			example(sub, pick, b)
		}
	case syntax.OpAlternate:
		example(re.Sub[pick%len(re.Sub)], pick, b)
	}
}

// TestPrefilterRulesOutNoMatch checks that the prefilter accepts every expression for the texts
// that the expression matches.
func TestPrefilterRulesOutNoMatch(t *testing.T) {
	rules, err := browsers()
	if err != nil {
		t.Fatal(err)
	}
	var all []*regexp.Regexp
	for _, r := range rules.rules.UA {
		all = append(all, regexp.MustCompile(r.Expr))
	}
	for _, r := range rules.rules.OS {
		all = append(all, regexp.MustCompile(r.Expr))
	}
	for _, r := range rules.rules.Device {
		all = append(all, regexp.MustCompile(r.Expr))
	}
	filter := slices.Concat(rules.programs, rules.oses, rules.devices)
	tried, blind := 0, 0
	for i, re := range all {
		tree, err := syntax.Parse(re.String(), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if filter[i] == nil {
			blind++
		}
		for pick := range 12 {
			var b strings.Builder
			example(tree, pick, &b)
			if !re.MatchString(b.String()) {
				continue // the expression has an assertion that example does not support
			}
			tried++
			possible := false
			filter[i:i+1].each(lowerASCII(b.String()), func(int) bool { possible = true; return true })
			if !possible {
				t.Errorf("the prefilter rejects %q, but %s matches it", b.String(), re)
			}
		}
	}
	t.Logf("%d expressions, %d without a required text, %d matches tried", len(all), blind, tried)
	if tried < 10*len(all) {
		t.Errorf("only %d matches of %d expressions tried", tried, len(all))
	}
}

var headers = []string{
	"", " ", "curl/8.6.0", "Okta-Integrations", "okta-sdk-golang/4.1.2 golang/go1.26 linux/amd64", "Okta Mobile/7.1 (iPhone; iOS 16.1)",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 Edg/124.0.2478.51",
	"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.6367.54 Mobile Safari/537.36",
	"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
	"Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
	"Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17425; Pro)",
	"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
	"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/4.0 Chrome/76.0.3809.146 TV Safari/537.36",
	"Go-http-client/1.1", "PostmanRuntime/7.37.3", "Windows-AzureAD-Authentication-Provider/1.0", "\u212aindle/3.0 \u017fafari", strings.Repeat("(", 900),
}

// TestMatchEqualsUAParser checks that the result with the prefilter equals the result of ua-parser.
func TestMatchEqualsUAParser(t *testing.T) {
	rules, err := browsers()
	if err != nil {
		t.Fatal(err)
	}
	library, err := uaparser.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range headers {
		program, os, device := library.ParseUserAgent(header), library.ParseOs(header), library.ParseDevice(header)
		want := UserAgent{
			Name: program.Family, Version: dotted(program.Major, program.Minor, program.Patch), Device: Device{device.Family},
			OS: OS{os.Family, dotted(os.Major, os.Minor, os.Patch, os.PatchMinor)},
		}
		if got := rules.match(header); got != want {
			t.Errorf("%q: %+v, want %+v", header, got, want)
		}
	}
}
