package azuresecrets

import (
	"context"
	"errors"
	"net/http"
	"os"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/airworthy-go/airworthy/drivers/internal/bounded"
)

// identity returns who asks the vault at host. It calls nobody.
func identity(cfg Config, host string) (azcore.TokenCredential, error) {
	options := azcore.ClientOptions{Retry: policy.RetryOptions{ShouldRetry: retriableToken}}
	if os.Getenv("IDENTITY_SERVER_THUMBPRINT") == "" { // Service Fabric's certificate is pinned by the SDK, in a client of its own
		options.Transport = bounded.New(bounded.Config{MaxBytes: maxAnswer})
	}
	switch { // of the public cloud the SDK reads AZURE_AUTHORITY_HOST
	case strings.HasSuffix(host, ".vault.azure.cn"):
		options.Cloud = cloud.AzureChina
	case strings.HasSuffix(host, ".vault.usgovcloudapi.net"):
		options.Cloud = cloud.AzureGovernment
	}
	if cfg.ClientID != "" {
		return named(cfg, options)
	}
	all, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: options, TenantID: cfg.TenantID})
	if err != nil { // which quotes variables
		return nil, problem("the SDK refuses the credentials in the environment", "check AZURE_TOKEN_CREDENTIALS and AZURE_AUTHORITY_HOST")
	}
	return all, nil
}

// retriableToken reports whether another attempt to get a token may help. The SDK would try again whatever fails on the way,
// a certificate that is not trusted for instance. A machine's metadata service says 404 and 410 while it is renewed.
func retriableToken(r *http.Response, err error) bool {
	if err == nil && (r.StatusCode == http.StatusNotFound || r.StatusCode == http.StatusGone || r.StatusCode >= 500) {
		return true
	}
	return retriable(r, err)
}

// named returns the one identity that has the client ID: the workload's, where Kubernetes gave it a token, or the machine's.
func named(cfg Config, options azcore.ClientOptions) (one azcore.TokenCredential, err error) {
	if os.Getenv("AZURE_FEDERATED_TOKEN_FILE") != "" {
		one, err = azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: options, ClientID: cfg.ClientID, TenantID: cfg.TenantID,
		})
	} else {
		one, err = azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
			ClientOptions: options, ID: azidentity.ClientID(cfg.ClientID),
		})
	}
	if err != nil {
		return nil, problem("the SDK refuses the identity of the option client", "check AZURE_TENANT_ID, AZURE_AUTHORITY_HOST and AZURE_FEDERATED_TOKEN_FILE, and that this place has identities of its own")
	}
	return one, nil
}

// guarded is a credential whose errors hold nothing of what a server or a program said.
type guarded struct{ azcore.TokenCredential }

// GetToken returns a token, or an error of type *tokenError.
func (g guarded) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	t, err := g.TokenCredential.GetToken(ctx, o)
	if err != nil {
		return azcore.AccessToken{}, explainToken(ctx, err)
	}
	return t, nil
}

// tokenError is why there is no token.
type tokenError struct {
	rule, remedy string
	cause        error
}

func (e *tokenError) Error() string { return e.rule + ": " + e.remedy }
func (e *tokenError) Unwrap() error { return e.cause }

// NonRetriable tells the SDK that the credential has tried by itself.
func (e *tokenError) NonRetriable() {}

// entraCode is how Entra numbers its refusals. The number is all of the text that may be shown.
var entraCode = regexp.MustCompile(`\bAADSTS[0-9]{4,8}\b`)

func explainToken(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return &tokenError{"no token was given in time", "check the identity's endpoint, or wait longer", ended}
	}
	if refused, ok := errors.AsType[*azidentity.AuthenticationFailedError](err); ok {
		e := &tokenError{"the identity was refused a token", "check AZURE_TENANT_ID, AZURE_CLIENT_ID and what proves it, or that this machine has the identity", nil}
		if code := entraCode.FindString(refused.Error()); code != "" {
			e.rule += ", with " + code
		}
		if r := refused.RawResponse; r != nil && http.StatusText(r.StatusCode) != "" {
			e.rule += ", with " + http.StatusText(r.StatusCode)
		}
		return e
	}
	return &tokenError{"nobody here has an identity in Azure", "give the machine or the workload one, set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or log in with az login", nil}
}
