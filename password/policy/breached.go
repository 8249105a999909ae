package policy

import (
	"context"
	"errors"
	"fmt"
)

// breached is where breached passwords are looked up: nowhere, in a filter, at a service or at both.
type breached struct {
	filter  *Filter
	service *service
}

// openBreached opens what cfg names. What is open is returned beside an error.
func openBreached(cfg Config) (b breached, err error) {
	var errs []error
	if cfg.BreachedFile != "" {
		if b.filter, err = openFilter(cfg.BreachedFile); err != nil {
			errs = append(errs, filterFault(err))
		}
	}
	if b.service, err = newService(cfg); err != nil {
		errs = append(errs, err)
	}
	return b, errors.Join(errs...)
}

// filterFault says which setting an error of opening the filter is about.
func filterFault(err error) error {
	return fmt.Errorf("policy: PASSWORD_BREACHED_FILE: the file cannot be used: %w: build it again, or unset the variable", err)
}

func (b breached) some() bool { return b.filter != nil || b.service != nil }

// contains reports whether the password is known. The service is asked if the filter does not know it, and if ask says so.
func (b breached) contains(ctx context.Context, password string, ask bool) (bool, error) {
	var errs []error
	if b.filter != nil {
		known, err := b.filter.Contains(password)
		if known {
			return true, nil
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("policy: PASSWORD_BREACHED_FILE: the password cannot be judged: %w", err))
		}
	}
	if b.service != nil && ask {
		known, err := b.service.contains(ctx, password)
		if known {
			return true, nil
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("policy: PASSWORD_BREACHED_URL: the password cannot be judged: the service %w", err))
		}
	}
	return false, errors.Join(errs...)
}

func (b breached) close() error {
	if b.filter == nil {
		return nil
	}
	return b.filter.Close()
}
