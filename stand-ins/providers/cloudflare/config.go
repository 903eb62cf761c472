package main

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"strings"

	"cdktf-proxmox-talos/providers/plugin"
)

const realAPI = "https://api.cloudflare.com/client/v4/"

// frameworkVersion is that of the real provider, which sends it in headers.
const frameworkVersion = "1.15.0"

var (
	tokenShape  = regexp.MustCompile(`[A-Za-z0-9-_]{40}`)
	apiKeyShape = regexp.MustCompile(`[0-9a-f]{37}`)
)

// credentials lists where each credential comes from, and the header that it is sent in.
var credentials = []struct{ attribute, variable, header, prefix string }{
	{"api_token", "CLOUDFLARE_API_TOKEN", "Authorization", "Bearer "},
	{"api_key", "CLOUDFLARE_API_KEY", "X-Auth-Key", ""},
	{"email", "CLOUDFLARE_EMAIL", "X-Auth-Email", ""},
	{"api_user_service_key", "CLOUDFLARE_API_USER_SERVICE_KEY", "X-Auth-User-Service-Key", ""},
}

// The format is checked only in the configuration, not in the environment.
func validateConfig(config plugin.Object) (diagnostics plugin.Diagnostics) {
	if config.Has("api_token") && !tokenShape.MatchString(config.Text("api_token")) {
		diagnostics.Error("api_token", "Invalid Attribute Value Match",
			"Attribute api_token: API tokens must be 40 characters long and only contain characters a-z, A-Z, 0-9, hyphens and underscores")
	}
	if config.Has("api_key") && !apiKeyShape.MatchString(config.Text("api_key")) {
		diagnostics.Error("api_key", "Invalid Attribute Value Match",
			"Attribute api_key: API key must be 37 characters long and only contain characters 0-9 and a-f (all lowercased)")
	}
	if !config["api_key"].IsNull() && config["email"].IsNull() {
		diagnostics.Error("api_key", "Invalid Attribute Combination", `Attribute "email" must be specified when "api_key" is specified`)
	}
	return diagnostics
}

func newClient(config plugin.Object, about plugin.About) (*client, error) {
	base := setting(config, "base_url", "CLOUDFLARE_BASE_URL", realAPI)
	if err := onThisMachine(base); err != nil {
		return nil, err
	}
	if !strings.HasSuffix(base, "/") {
		base += "/"
	}
	header := http.Header{}
	for _, credential := range credentials {
		if secret := setting(config, credential.attribute, credential.variable, ""); secret != "" {
			header.Set(credential.header, credential.prefix+secret)
		}
	}
	agent := fmt.Sprintf("terraform-provider-cloudflare/%s terraform-plugin-framework/%s", about.ProviderVersion, frameworkVersion)
	if config.Has("user_agent_operator_suffix") {
		agent += fmt.Sprintf(" %q", config.Text("user_agent_operator_suffix"))
	} else {
		agent += " terraform/" + about.TofuVersion
	}
	header.Set("User-Agent", agent)
	header.Set("X-Stainless-Lang", "Terraform")
	header.Set("X-Stainless-Package-Version", about.ProviderVersion)
	header.Set("X-Stainless-Runtime", "terraform-plugin-framework")
	header.Set("X-Stainless-Runtime-Version", frameworkVersion)
	header.Set("X-Stainless-OS", strings.ToUpper(runtime.GOOS[:1])+runtime.GOOS[1:])
	header.Set("X-Stainless-Arch", strings.ReplaceAll(runtime.GOARCH, "amd64", "x64"))
	return &client{base: base, header: header}, nil
}

func setting(config plugin.Object, attribute, variable, otherwise string) string {
	if config.Has(attribute) {
		return config.Text(attribute)
	}
	if value, ok := os.LookupEnv(variable); ok {
		return value
	}
	return otherwise
}

// onThisMachine refuses every API that is not on this machine, to keep the stand-in away from real accounts.
func onThisMachine(base string) error {
	if parsed, err := url.Parse(base); err == nil {
		host := parsed.Hostname()
		if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
			return nil
		}
	}
	return &plugin.Failure{
		Summary: "The stand-in for the cloudflare provider talks to this machine only",
		Detail: fmt.Sprintf("The base URL is %q, which is no loopback address. This program is a double for local use; "+
			"for a real account, let `tofu init` install the real provider: make the provider registry reachable, or "+
			"name a mirror that has it in TF_CLI_CONFIG_FILE.", base),
	}
}
