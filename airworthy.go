// Package airworthy makes a net/http application fit for production and proves it.
package airworthy
