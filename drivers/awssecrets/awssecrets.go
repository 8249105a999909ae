// Package awssecrets reads and writes settings in AWS Secrets Manager and in the Parameter Store of AWS Systems Manager.
// It protects from secrets that stand in files and variables on each machine, and from what the AWS SDK would put into an
// error: answers, requests, the machine's credentials.
//
//	keeper := secrets.New(secrets.Config{Schemes: []settings.Scheme{awssecrets.ManagerScheme(), awssecrets.ParameterScheme()}})
//
// Both kinds are opened from URLs of one form, and have one [Config]:
//
//	aws-sm://eu-central-1/bulletin/production    the fields of the JSON object in the secret bulletin/production
//	aws-sm://eu-central-1/bulletin/              one secret for each setting: bulletin/SECRET_KEY
//	aws-ssm://eu-central-1/bulletin/production/  one parameter for each setting: /bulletin/production/SECRET_KEY
//	aws-ssm://eu-central-1/bulletin/production   the fields of the JSON object in the parameter /bulletin/production
//
// Without a region, aws-sm:///bulletin/production, it is the SDK's: AWS_REGION, or the profile's. A parameter in upper case
// says where a single setting stands, DATABASE_URL=other/secret%23url, by name or ARN. The options are profile, role (an
// ARN to assume), endpoint (of an emulator or a VPC) and insecure=true, which allows plain HTTP to an endpoint that is
// not on loopback.
//
// Credentials come from the SDK's chain: the environment, the shared files and their SSO sessions, a web identity, the
// container, the instance. What those endpoints answer is read by the SDK's own client; the managers themselves are
// asked by one that limits what they can do.
//
// What does not exist is not there; what must not be read is an error, which says what to allow. A binary secret is an
// error. A string list is its text, with commas, as lists of settings are written.
//
// AWS has no compare-and-set: a version is compared just before it is written, and two who write at the same moment do not
// notice each other. Several secrets or parameters change one after the other. Neither service promises that a reading
// sees at once what was written.
//
// Origins name region, secret and field and no value. The SDK's logging is off.
package awssecrets

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/airworthy-go/airworthy/settings"
)

// Config says where a source's secrets or parameters stand. It holds no credentials.
type Config struct {
	// Region is such as "eu-central-1"; empty for the SDK's: AWS_REGION, or the profile's.
	Region string

	// Path is the name of the secret or parameter whose text is a JSON object with a field for each setting. If it ends
	// with a slash it is what stands before a setting's name in the name of its own secret or parameter. A parameter's
	// may lack the slash at its beginning. Empty if all settings that stand here are in Refs.
	Path string

	// Refs says for single settings where they stand, by the name or the ARN of a secret or parameter; it goes before Path.
	Refs map[string]settings.Ref

	Profile  string // in the SDK's shared files; empty for AWS_PROFILE, or "default"
	Role     string // the ARN of a role to assume with the credentials found; empty for none
	Endpoint string // the service's address, of an emulator or a VPC endpoint; empty for the SDK's

	// InsecureHTTP allows plain HTTP to an endpoint that is not on loopback: whoever is on the way reads all secrets.
	InsecureHTTP bool
}

// Manager is a source in Secrets Manager, and a [settings.Writer].
type Manager struct{ source }

// Parameters is a source in the Parameter Store, and a [settings.Writer].
type Parameters struct{ source }

var (
	_ settings.Writer = (*Manager)(nil)
	_ settings.Writer = (*Parameters)(nil)
)

// NewManager returns a source in Secrets Manager. It reads the SDK's configuration, while ctx lasts, and calls no service.
// The error holds no credential.
func NewManager(ctx context.Context, cfg Config) (*Manager, error) {
	s, loaded, err := newSource(ctx, managerScheme, cfg)
	if err != nil {
		return nil, err
	}
	client := secretsmanager.NewFromConfig(loaded.Config, func(o *secretsmanager.Options) {
		o.HTTPClient = loaded.client
		if cfg.Endpoint != "" {
			o.BaseEndpoint = &cfg.Endpoint
		}
	})
	s.place = &manager{client}
	return &Manager{s}, nil
}

// NewParameters returns a source in the Parameter Store. It reads the SDK's configuration, while ctx lasts, and calls no
// service. The error holds no credential.
func NewParameters(ctx context.Context, cfg Config) (*Parameters, error) {
	cfg.Path, cfg.Refs = rooted(cfg.Path), maps.Clone(cfg.Refs)
	s, loaded, err := newSource(ctx, parameterScheme, cfg)
	if err != nil {
		return nil, err
	}
	client := ssm.NewFromConfig(loaded.Config, func(o *ssm.Options) {
		o.HTTPClient = loaded.client
		if cfg.Endpoint != "" {
			o.BaseEndpoint = &cfg.Endpoint
		}
	})
	s.place = &parameters{client}
	return &Parameters{s}, nil
}

// rooted returns path with the slash that begins the names of parameters which stand in a path.
func rooted(path string) string {
	if path == "" || path[0] == '/' || isARN(path) {
		return path
	}
	return "/" + path
}
