package session_test

import (
	"testing"

	"github.com/airworthy-go/airworthy/session"
	"github.com/airworthy-go/airworthy/session/sessiontest"
)

func TestMemoryConforms(t *testing.T) {
	sessiontest.TestStore(t, func(t *testing.T) session.Store { return newMemory(t) })
}

func TestCookieConforms(t *testing.T) {
	sessiontest.TestCookieStore(t, func(t *testing.T) session.Store { return session.NewCookie(newRing(t, testKey)) })
}

func TestDjangoCookieConforms(t *testing.T) {
	sessiontest.TestCookieStore(t, func(t *testing.T) session.Store { return session.NewDjangoCookie(newRing(t, testKey)) })
}
