package awssecrets

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"github.com/airworthy-go/airworthy/drivers/internal/bounded"
	"github.com/airworthy-go/airworthy/settings"
)

const (
	managerScheme   = "aws-sm"
	parameterScheme = "aws-ssm"
)

// ManagerScheme opens aws-sm://region/path as [NewManager] does.
func ManagerScheme() settings.Scheme {
	return settings.Scheme{Name: managerScheme,
		Open: func(ctx context.Context, u *url.URL, _ map[string]settings.Value) (settings.Source, error) {
			cfg, err := parse(managerScheme, u)
			if err != nil {
				return nil, err
			}
			m, err := NewManager(ctx, cfg)
			if err != nil {
				return nil, err
			}
			return m, nil
		}}
}

// ParameterScheme opens aws-ssm://region/path as [NewParameters] does.
func ParameterScheme() settings.Scheme {
	return settings.Scheme{Name: parameterScheme,
		Open: func(ctx context.Context, u *url.URL, _ map[string]settings.Value) (settings.Source, error) {
			cfg, err := parse(parameterScheme, u)
			if err != nil {
				return nil, err
			}
			p, err := NewParameters(ctx, cfg)
			if err != nil {
				return nil, err
			}
			return p, nil
		}}
}

func parse(scheme string, u *url.URL) (Config, error) {
	l, err := settings.ParseLocation(u, "profile", "role", "endpoint", "insecure")
	if err != nil {
		return Config{}, named(scheme, err)
	}
	cfg := Config{
		Region: l.Host, Path: l.Path, Refs: l.Refs,
		Profile: l.Options["profile"], Role: l.Options["role"], Endpoint: l.Options["endpoint"],
	}
	switch l.Options["insecure"] {
	case "true":
		cfg.InsecureHTTP = true
	case "", "false":
	default:
		return cfg, mistake(scheme, "insecure is neither true nor false", "leave it out")
	}
	return cfg, nil
}

// mistake is a Fault in a source's configuration.
func mistake(scheme, rule, remedy string) error {
	return &settings.Fault{Origin: scheme, Rule: rule, Remedy: remedy}
}

// named puts the source's name in a fault of ParseLocation.
func named(scheme string, err error) error {
	if f, ok := errors.AsType[*settings.Fault](err); ok {
		return &settings.Fault{Variable: f.Variable, Origin: scheme, Rule: f.Rule, Remedy: f.Remedy}
	}
	return fmt.Errorf("%s: %w", scheme, err)
}

var (
	isRegion = regexp.MustCompile(`^[a-z]+(-[a-z]+)+-[0-9]+$`)
	isRole   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$`)
)

func (c Config) validate(scheme string) error {
	switch {
	case c.Region != "" && !isRegion.MatchString(c.Region):
		return mistake(scheme, "the region is none", "give one such as eu-central-1, or none for AWS_REGION")
	case c.Path == "" && len(c.Refs) == 0, c.Path == "/":
		return mistake(scheme, "names no secret", "write "+scheme+"://eu-central-1/bulletin/production, or map settings by name")
	case c.Role != "" && !isRole.MatchString(c.Role):
		return mistake(scheme, "the role is not the ARN of one", "write arn:aws:iam::123456789012:role/name")
	}
	for name, ref := range c.Refs {
		if ref.Secret == "" {
			return &settings.Fault{Variable: name, Origin: scheme, Rule: "is mapped to a secret without a name",
				Remedy: "write " + name + "=secret or " + name + "=secret%23field"}
		}
	}
	if c.Endpoint != "" {
		if _, err := bounded.Endpoint(c.Endpoint, c.InsecureHTTP); err != nil {
			return fmt.Errorf("%s: the endpoint %w", scheme, err)
		}
	}
	return nil
}

// loaded is the SDK's configuration, and the client that the managers are asked with.
type loaded struct {
	aws.Config
	client aws.HTTPClient
}

// newSource returns a source that lacks its place.
func newSource(ctx context.Context, scheme string, cfg Config) (source, loaded, error) {
	if err := cfg.validate(scheme); err != nil {
		return source{}, loaded{}, err
	}
	options := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{}), config.WithClientLogMode(0)}
	if cfg.Region != "" {
		options = append(options, config.WithRegion(cfg.Region))
	}
	if cfg.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(cfg.Profile))
	}
	conf, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return source{}, loaded{}, unloadable(ctx, scheme, err)
	}
	if !isRegion.MatchString(conf.Region) {
		return source{}, loaded{}, mistake(scheme, "there is no region", "write it in the URL, "+scheme+"://eu-central-1/…, or set AWS_REGION")
	}
	if cfg.Role != "" {
		conf.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(conf), cfg.Role,
			func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "airworthy" }))
	}
	client := &client{bounded.New(bounded.Config{TLS: roots(conf.HTTPClient)}), cfg.InsecureHTTP}
	s := source{scheme: scheme, region: conf.Region, path: cfg.Path, refs: maps.Clone(cfg.Refs), role: cfg.Role, credentials: conf.Credentials,
		insecure: cfg.InsecureHTTP}
	return s, loaded{conf, client}, nil
}

// unloadable leaves out the SDK's own words, which could quote a file of credentials.
func unloadable(ctx context.Context, scheme string, err error) error {
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("%s: reading the SDK's configuration: %w", scheme, ended)
	}
	if _, ok := errors.AsType[config.SharedConfigProfileNotExistError](err); ok {
		return mistake(scheme, "the profile does not exist", "check profile, or AWS_PROFILE, and the file ~/.aws/config")
	}
	return mistake(scheme, "the SDK's configuration cannot be read",
		"check the variables AWS_…, and the files ~/.aws/config and ~/.aws/credentials, with aws configure list")
}

// roots returns the TLS configuration that the SDK made, with the authorities of AWS_CA_BUNDLE.
func roots(c aws.HTTPClient) *tls.Config {
	if b, ok := c.(*awshttp.BuildableClient); ok {
		return b.GetTransport().TLSClientConfig
	}
	return nil
}

// client refuses plain HTTP to other machines also if the endpoint comes from AWS_ENDPOINT_URL or a profile.
type client struct {
	http     *http.Client
	insecure bool
}

// errPlain is what client refuses with.
var errPlain = errors.New("the endpoint is plain HTTP")

// Do sends r.
func (c *client) Do(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !c.insecure && !bounded.Loopback(r.URL.Hostname()) {
		return nil, errPlain
	}
	return c.http.Do(r)
}
