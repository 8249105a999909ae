package bounded_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/airworthy-go/airworthy/drivers/internal/bounded"
)

func Example() {
	manager := httptest.NewServer(http.RedirectHandler("http://elsewhere.example/", http.StatusTemporaryRedirect))
	defer manager.Close()
	_, err := bounded.New(bounded.Config{}).Get(manager.URL + "/?token=1")
	fmt.Println(bounded.Explain(err).Rule)
	// Output: redirects to another host or to plain HTTP
}
