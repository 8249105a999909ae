package awssecrets

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/airworthy-go/airworthy/drivers/internal/bounded"
	"github.com/airworthy-go/airworthy/settings"
)

// problem is why a call failed, in our words: those of the SDK may hold what the service or somebody in its place said.
type problem struct {
	rule, remedy string
	cause        error // the context's or a *bounded.Error, or nil
}

// notFound is the code of what does not exist.
const notFound = "ResourceNotFoundException"

const (
	expired = "the credentials have expired"
	refused = "the credentials are refused"
	renew   = "renew them: aws sso login, or new keys"
	inspect = "check them with aws sts get-caller-identity, and the clock"
	later   = "ask less often, or raise the quota"
	again   = "try again later"
)

// codes are those of AWS that we know; others are not repeated.
var codes = map[string]problem{
	"UnrecognizedClientException":      {rule: refused, remedy: inspect},
	"InvalidClientTokenId":             {rule: refused, remedy: inspect},
	"InvalidSignatureException":        {rule: refused, remedy: inspect},
	"SignatureDoesNotMatch":            {rule: refused, remedy: inspect},
	"IncompleteSignature":              {rule: refused, remedy: inspect},
	"MissingAuthenticationToken":       {rule: refused, remedy: inspect},
	"ExpiredToken":                     {rule: expired, remedy: renew},
	"ExpiredTokenException":            {rule: expired, remedy: renew},
	"RequestExpired":                   {rule: expired, remedy: renew},
	"Throttling":                       {rule: "asks for fewer requests", remedy: later},
	"ThrottlingException":              {rule: "asks for fewer requests", remedy: later},
	"TooManyRequestsException":         {rule: "asks for fewer requests", remedy: later},
	"TooManyUpdates":                   {rule: "is being changed by others", remedy: again},
	"InternalServiceError":             {rule: "has failed", remedy: again},
	"InternalServerError":              {rule: "has failed", remedy: again},
	"ServiceUnavailable":               {rule: "has failed", remedy: again},
	"DecryptionFailure":                {rule: "cannot be decrypted", remedy: "allow kms:Decrypt on its key, and check that the key is enabled"},
	"EncryptionFailure":                {rule: "cannot be encrypted", remedy: "allow kms:GenerateDataKey on its key, and check that the key is enabled"},
	"InvalidKeyId":                     {rule: "has a key that cannot be used", remedy: "allow kms:Decrypt on its key, and check that the key is enabled"},
	"InvalidRequestException":          {rule: "cannot be used as it is, perhaps marked for deletion", remedy: "look at it with describe-secret, and restore it"},
	"InvalidParameterException":        {rule: "has a name or a value that AWS does not take", remedy: "check the name and the size"},
	"ValidationException":              {rule: "has a name or a value that AWS does not take", remedy: "check the name and the size"},
	"LimitExceededException":           {rule: "exceeds a quota of the account", remedy: "raise the quota"},
	"ParameterLimitExceeded":           {rule: "exceeds a quota of the account", remedy: "raise the quota"},
	"ParameterMaxVersionLimitExceeded": {rule: "has too many versions with labels", remedy: "move the labels"},
	"HierarchyTypeMismatchException":   {rule: "has another type, which AWS cannot change", remedy: "delete it and write it again"},
}

// denied are the codes that say that a policy does not allow the call.
var denied = map[string]bool{"AccessDeniedException": true, "AccessDenied": true, "UnauthorizedOperation": true, "NotAuthorized": true}

// coded returns the problem that a code stands for; action is what IAM calls the call.
func coded(code, action string) (*problem, bool) {
	if denied[code] {
		return &problem{rule: "access is denied", remedy: "allow " + action + " on it, and kms:Decrypt if it has a key of your own"}, true
	}
	p, ok := codes[code]
	return &p, ok
}

// explain makes a problem of what the SDK says that a call failed with.
func explain(ctx context.Context, action string, err error) *problem {
	if p := ended(ctx, err); p != nil {
		return p
	}
	const what = "the answer of " // an action, which is a word of ours
	if errors.Is(err, errPlain) {
		return &problem{rule: "the endpoint is plain HTTP, on which others read secrets and credentials",
			remedy: "use https in AWS_ENDPOINT_URL or the profile; plain HTTP is for an emulator on 127.0.0.1"}
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if p, ok := coded(api.ErrorCode(), action); ok {
			return p
		}
	}
	var _, isBroken = errors.AsType[*smithy.DeserializationError](err)
	response, isResponse := errors.AsType[*smithyhttp.ResponseError](err)
	switch {
	case !isResponse || response.Response == nil:
		return &problem{rule: action + " could not be called", remedy: "check region, endpoint and credentials with aws sts get-caller-identity"}
	case response.HTTPStatusCode() == http.StatusUnauthorized, response.HTTPStatusCode() == http.StatusForbidden:
		return &problem{rule: action + " is refused", remedy: "check the credentials, and allow it"}
	case isBroken && response.HTTPStatusCode() == http.StatusOK:
		return &problem{rule: what + action + " cannot be read", remedy: "check the endpoint and the proxy"}
	}
	return &problem{rule: fmt.Sprintf("%s%s has HTTP status %d", what, action, response.HTTPStatusCode()), remedy: "check the endpoint and the proxy, or try again later"}
}

// ended returns the problem of a call that ended with its context, or on the network.
func ended(ctx context.Context, err error) *problem {
	if cause := ctx.Err(); cause != nil {
		return &problem{"did not answer in time", "check the network and the endpoint", cause}
	}
	if b := bounded.Explain(err); b != nil {
		return &problem{b.Host + " " + b.Rule, b.Remedy, b.Unwrap()}
	}
	return nil
}

// code returns the code of AWS that err has, to be compared and not shown.
func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// exists and gone are the problems of what somebody else created or deleted since it was read.
func exists() *problem {
	return &problem{rule: "was created meanwhile", remedy: "read it again", cause: settings.ErrConflict}
}

func gone() *problem {
	return &problem{rule: "was deleted meanwhile", remedy: "read it again", cause: settings.ErrConflict}
}

// incomplete is the problem of an answer that says nothing of what was asked for.
func incomplete(action string) *problem {
	return &problem{rule: "the answer of " + action + " leaves out what was asked for", remedy: "check the endpoint and the proxy"}
}

// withoutCredentials is the problem of a chain that found none, or of a role that cannot be assumed.
func withoutCredentials(ctx context.Context, role string, err error) *problem {
	if cause := ctx.Err(); cause != nil {
		return &problem{"credentials did not come in time", "check the network and where they come from", cause}
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if denied[api.ErrorCode()] {
			which := "the role"
			if role != "" {
				which = role
			}
			return &problem{rule: which + " may not be assumed", remedy: "allow sts:AssumeRole on it, and trust the caller in its trust policy"}
		}
		if p, ok := coded(api.ErrorCode(), "sts:AssumeRole"); ok {
			return p
		}
	}
	return &problem{rule: "there are no credentials", remedy: "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, " +
		"or give the machine or container a role; look at aws configure list"}
}
