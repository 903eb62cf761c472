/** `local-lvm:vm-201-disk-0,iothread=1,size=20G`: a value without a name, followed by named values. */
export interface PropertyString {
  /** The value without a name. */
  readonly main?: string;
  readonly options: Readonly<Record<string, string>>;
}

/** @param mainKey the name that the main value may have, such as `file` or `model` */
export function parsePropertyString(text: string, mainKey?: string): PropertyString {
  let main: string | undefined;
  const options: Record<string, string> = {};
  for (const part of text.split(",").map((each) => each.trim())) {
    if (part === "") continue;
    const [name = "", ...rest] = part.split("=");
    if (rest.length === 0) main ??= part;
    else if (name === mainKey) main ??= rest.join("=");
    else options[name] = rest.join("=");
  }
  return { main, options };
}

/** Writes the values in Proxmox VE's order: the main value, then the others in alphabetical order. */
export function printPropertyString({ main, options }: PropertyString): string {
  const named = Object.keys(options)
    .sort()
    .map((name) => `${name}=${options[name]}`);
  return [...(main === undefined ? [] : [main]), ...named].join(",");
}
