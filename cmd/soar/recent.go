package main

import "hash/maphash"

// recent knows the latest ids that it was told, between one and two generations of
// them, whatever number it is told. The zero recent knows none.
type recent struct {
	seed        maphash.Seed
	now, before map[uint64]struct{} // ids by their hash
}

// generation covers, on a busy org too, what is read again after a place was lost.
const generation = 1 << 17

// add reports whether id is new.
func (r *recent) add(id string) bool {
	if r.now == nil {
		r.seed, r.now = maphash.MakeSeed(), map[uint64]struct{}{}
	}
	h := maphash.String(r.seed, id)
	_, now := r.now[h]
	_, before := r.before[h]
	if now {
		return false
	}
	if len(r.now) == generation {
		r.now, r.before = map[uint64]struct{}{}, r.now
	}
	r.now[h] = struct{}{} // kept for as long as a new one
	return !before
}
