// Package host launches a connector in a process of its own and watches it
// ([Launch]), and runs the one loop that polls a trigger ([Watch]).
//
// What Launch returns is an sdk.Backend like any other. If the process dies, the
// call that was under way fails, and the next one starts it anew and opens its
// sessions again.
package host
