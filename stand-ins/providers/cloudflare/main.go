// The stand-in for the cloudflare provider: its pinned schema, and the resources that this project uses, carried out
// over the HTTP API that the real provider calls. It talks to this machine only.
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
