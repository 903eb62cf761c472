/** A resource that is never created. Everything on a host that is down depends on it, so that OpenTofu can leave all of it out at once. */
export const HOSTS_DOWN_ADDRESS = "terraform_data.hosts_down";

/** The option of plan and apply that leaves it out. In a destroy, where dependents come first, it would leave out nothing else. */
export const EXCLUDE_HOSTS_DOWN = `-exclude=${HOSTS_DOWN_ADDRESS}`;
