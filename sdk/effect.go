package sdk

import "context"

type effectKey struct{}

// WithEffect returns a context for what an action of that effect does. The
// connector's transport can tell by it what must not be kept waiting.
func WithEffect(ctx context.Context, e Effect) context.Context {
	return context.WithValue(ctx, effectKey{}, e)
}

// EffectOf returns the effect of the action that ctx belongs to; Reads where there
// is none, as for a trigger.
func EffectOf(ctx context.Context) Effect {
	if e, ok := ctx.Value(effectKey{}).(Effect); ok {
		return e
	}
	return Reads
}
