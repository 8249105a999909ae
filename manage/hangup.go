package manage

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/airworthy-go/airworthy"
)

// refreshOnHangup has SIGHUP refresh the secrets, until the function that it returns is called. Without a source of
// secrets the signal ends the program, as everywhere. Windows does not send it.
func refreshOnHangup(ctx context.Context, app *airworthy.App) (stop func()) {
	keeper := app.Secrets()
	if keeper == nil || !keeper.Active() {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
			}
			if err := keeper.Refresh(ctx); err != nil && ctx.Err() == nil {
				app.Logger().Warn("not all secrets were refreshed", "error", err)
			}
		}
	})
	return func() {
		signal.Stop(hangups)
		cancel()
		running.Wait()
	}
}
