package machineconfig

import (
	"fmt"
	"net/url"

	"github.com/siderolabs/net"
)

// ValidateEndpoint refuses a cluster endpoint that is no https URL with a port.
func ValidateEndpoint(endpoint string) error {
	parsed, err := url.Parse(endpoint)
	if err != nil {
		return fmt.Errorf("%q is not a URL: %w", endpoint, err)
	}
	if parsed.Scheme != "https" {
		return fmt.Errorf("%q does not start with https://", endpoint)
	}
	return net.ValidateEndpointURI(endpoint)
}
