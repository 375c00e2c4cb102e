package plugin

import (
	"time"

	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/sdk"
)

// encodeTime returns t as it travels: empty if it is zero, or of a year that RFC
// 3339 cannot say. It tells how things stand and steers nothing.
func encodeTime(t time.Time) string {
	b, err := t.MarshalText()
	if t.IsZero() || err != nil {
		return ""
	}
	return string(b)
}

// decodeTime returns what encodeTime was given, zero if there is none.
func decodeTime(s string) time.Time {
	var t time.Time
	if t.UnmarshalText([]byte(s)) != nil {
		return time.Time{}
	}
	return t
}

func encodeBudget(b *sdk.Budget) *pb.Budget {
	if b == nil {
		return nil
	}
	return &pb.Budget{Bucket: text(b.Bucket), Limit: int64(b.Limit), Remaining: int64(b.Remaining), Reset_: encodeTime(b.Reset)}
}

func decodeBudget(b *pb.Budget) *sdk.Budget {
	if b == nil {
		return nil
	}
	return &sdk.Budget{Bucket: b.GetBucket(), Limit: int(b.GetLimit()), Remaining: int(b.GetRemaining()), Reset: decodeTime(b.GetReset_())}
}
