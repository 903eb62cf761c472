"""A filter that compares a VM in Proxmox with what cluster.yaml wants of it."""

# What Proxmox does where a key is absent; for parts of property strings, by their last name.
DEFAULTS = {
    "agent": "0",
    "backup": "1",
    "bios": "seabios",
    "cores": "1",
    "discard": "ignore",
    "firewall": "0",
    "machine": "pc",
    "numa": "0",
    "ostype": "other",
    "pcie": "0",
    "protection": "0",
    "replicate": "1",
    "rombar": "1",
    "scsihw": "lsi",
    "sockets": "1",
    "ssd": "0",
    "usb3": "0",
}
# Names that Proxmox may leave out before the first value.
DEFAULT_NAMES = {"agent": "enabled", "cpu": "cputype", "memory": "current"}
NIC_MODELS = ("virtio", "e1000", "e1000e", "vmxnet3", "rtl8139")
UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


def flatten(config):
    """The configuration of a VM with the parts of property strings as keys, such as scsi0.size."""
    flat = {}
    for key, value in config.items():
        for index, part in enumerate(str(value).split(",")):
            name, equals, text = part.partition("=")
            if not equals:
                name, text = "", part
            if index == 0 and name in ("", DEFAULT_NAMES.get(key)):
                flat[key] = text
                flat[f"{key}.storage"] = text.partition(":")[0]
            elif key.startswith("net") and name in NIC_MODELS:
                flat[f"{key}.mac"] = text
            else:
                flat[f"{key}.{name}"] = text
    return flat


def same(key, actual, wanted):
    """Whether two values mean the same to Proxmox."""
    if key.endswith(".mac"):
        return str(actual).lower() == wanted.lower()
    if key.endswith(".size"):
        return size_bytes(actual) == size_bytes(wanted)
    return str(actual) == wanted


def size_bytes(text):
    """A size such as 64G in bytes, or None."""
    number, unit = str(text)[:-1], str(text)[-1:]
    if unit in UNITS and number.isdigit():
        return int(number) * UNITS[unit]
    return int(text) if str(text).isdigit() else None


def vm_differences(guest, wanted):
    """Lines that say how a guest of community.proxmox.proxmox_vm_info differs from the variable `wanted` of its node."""
    if not guest:
        return ["there is no VM"]
    actual = flatten(guest["config"])
    actual.update(host=guest["node"], name=guest["name"], pool=guest.get("pool"))
    tags = [tag for tag in guest.get("tags", "").split(";") if tag]
    lines = []
    for key, value in wanted["values"].items():
        found = actual.get(key, DEFAULTS.get(key.rpartition(".")[2]))
        if not same(key, found, value):
            lines.append(f"{key} is {'not set' if found is None else found}, and {value} in cluster.yaml")
    lines += [f"tag {tag} is missing" for tag in wanted["tags"] if tag not in tags]
    if guest["status"] != "running":
        lines.append(f"it is {guest['status']}")
    return lines


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self):
        return {"vm_differences": vm_differences}
