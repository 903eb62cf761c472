package main

import (
	"net/http"

	"cdktf-proxmox-talos/providers/plugin"
)

var jurisdictions = []string{"default", "eu", "fedramp"}

func r2Bucket() plugin.Resource[*client] {
	return rest{
		traits: plugin.Traits{
			"id":            {Wire: "-", Keep: true, Replace: plugin.Always},
			"name":          {Keep: true, Replace: plugin.Always},
			"account_id":    {Wire: "-", Replace: plugin.Always},
			"location":      {Replace: plugin.IfConfigured, OneOf: []string{"apac", "eeur", "enam", "weur", "wnam", "oc"}},
			"jurisdiction":  {NoRefresh: true, Default: "default", OneOf: jurisdictions},
			"storage_class": {Default: "Standard", OneOf: []string{"Standard", "InfrequentAccess"}},
			"creation_date": {Keep: true},
		},
		create:   "POST accounts/{account_id}/r2/buckets",
		read:     "GET accounts/{account_id}/r2/buckets/{bucket_name=name}",
		update:   "PATCH accounts/{account_id}/r2/buckets/{bucket_name=name}",
		delete:   "DELETE accounts/{account_id}/r2/buckets/{bucket_name=name}",
		id:       "name",
		importID: []string{"account_id", "bucket_name=name", "jurisdiction"},
		plan:     planR2Bucket,
		header:   bucketHeader,
		body:     r2BucketBody,
	}.resource()
}

func bucketHeader(method string, object plugin.Object) http.Header {
	header := http.Header{}
	header.Set("cf-r2-jurisdiction", object.Text("jurisdiction"))
	if method == http.MethodPatch {
		header.Set("cf-r2-storage-class", object.Text("storage_class"))
	}
	return header
}

// r2BucketBody is the body of a creation, whose names differ from those in the answer. An update has no body, because
// what it changes is in a header.
func r2BucketBody(change *plugin.Change) []byte {
	if change.Prior != nil {
		return nil
	}
	body := map[string]string{"name": change.Planned.Text("name"), "storageClass": change.Planned.Text("storage_class")}
	if change.Planned.Has("location") {
		body["locationHint"] = change.Planned.Text("location")
	}
	return plugin.Marshal(body)
}

func planR2Bucket(change *plugin.Change) plugin.Diagnostics {
	if change.Planned != nil && change.Prior != nil {
		if plugin.EqualFold(change.Planned["location"], change.Prior["location"]) {
			change.Planned["location"] = change.Prior["location"]
		}
		change.Planned["creation_date"] = change.Prior["creation_date"]
	}
	return nil
}
