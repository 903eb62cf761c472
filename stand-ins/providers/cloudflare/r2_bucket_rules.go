package main

import "cdktf-proxmox-talos/providers/plugin"

func r2BucketLifecycle() plugin.Resource[*client] {
	ageOrDate := []string{"Age", "Date"}
	return bucketRules("lifecycle", plugin.Traits{
		"rules.abort_multipart_uploads_transition":                   {Wire: "abortMultipartUploadsTransition"},
		"rules.abort_multipart_uploads_transition.condition.max_age": {Wire: "maxAge", Whole: true},
		"rules.abort_multipart_uploads_transition.condition.type":    {OneOf: []string{"Age"}},
		"rules.delete_objects_transition":                            {Wire: "deleteObjectsTransition"},
		"rules.delete_objects_transition.condition.max_age":          {Wire: "maxAge", Whole: true},
		"rules.delete_objects_transition.condition.type":             {OneOf: ageOrDate},
		"rules.delete_objects_transition.condition.date":             {Time: true},
		"rules.storage_class_transitions":                            {Wire: "storageClassTransitions"},
		"rules.storage_class_transitions.condition.max_age":          {Wire: "maxAge", Whole: true},
		"rules.storage_class_transitions.condition.type":             {OneOf: ageOrDate},
		"rules.storage_class_transitions.condition.date":             {Time: true},
		"rules.storage_class_transitions.storage_class":              {Wire: "storageClass", OneOf: []string{"InfrequentAccess"}},
	})
}

func r2BucketLock() plugin.Resource[*client] {
	return bucketRules("lock", plugin.Traits{
		"rules.condition.max_age_seconds": {Wire: "maxAgeSeconds", Whole: true},
		"rules.condition.type":            {OneOf: []string{"Age", "Date", "Indefinite"}},
		"rules.condition.date":            {Time: true},
	})
}

// bucketRules is a resource for a list of rules. The list is always written as a whole, and there is no delete.
func bucketRules(kind string, traits plugin.Traits) plugin.Resource[*client] {
	traits["account_id"] = plugin.Trait{Wire: "-", Replace: plugin.Always}
	traits["bucket_name"] = plugin.Trait{Wire: "-", Replace: plugin.Always}
	traits["jurisdiction"] = plugin.Trait{Wire: "-", Default: "default", OneOf: jurisdictions}
	path := " accounts/{account_id}/r2/buckets/{bucket_name}/" + kind
	return rest{
		traits: traits,
		create: "PUT" + path,
		read:   "GET" + path,
		update: "PUT" + path,
		plan:   staysBehind,
		header: bucketHeader,
	}.resource()
}
