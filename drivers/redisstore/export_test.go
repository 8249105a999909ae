package redisstore

import (
	"context"
	"time"
)

// Fold is fold, for a process that read before others wrote.
func (l *KeyLedger) Fold(ctx context.Context, held map[string]string, now time.Time) error {
	return l.fold(ctx, held, now)
}
