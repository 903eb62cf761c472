// The stand-in for the cloudflare provider. It serves the real provider's pinned schema, and implements the resources
// that this project uses with the same HTTP API calls. It talks only to an API on this machine.
package main

import (
	"log"

	"cdktf-proxmox-talos/providers/plugin"
	"cdktf-proxmox-talos/schemas"
)

func main() {
	if err := plugin.Serve(provider()); err != nil {
		log.Fatal(err)
	}
}

func provider() plugin.Provider[*client] {
	return plugin.Provider[*client]{
		Schema:    schemas.Of("cloudflare"),
		Validate:  validateConfig,
		Configure: newClient,
		Resources: map[string]plugin.Resource[*client]{
			"cloudflare_account_token":            accountToken(),
			"cloudflare_r2_bucket":                r2Bucket(),
			"cloudflare_r2_bucket_lifecycle":      r2BucketLifecycle(),
			"cloudflare_r2_bucket_lock":           r2BucketLock(),
			"cloudflare_workers_cron_trigger":     workersCronTrigger(),
			"cloudflare_workers_custom_domain":    workersCustomDomain(),
			"cloudflare_workers_script":           workersScript(),
			"cloudflare_workers_script_subdomain": workersScriptSubdomain(),
		},
		DataSources: map[string]plugin.DataSource[*client]{
			"cloudflare_account_api_token_permission_groups_list": permissionGroups(),
			"cloudflare_workers_scripts":                          workersScripts(),
		},
	}
}
