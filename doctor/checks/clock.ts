import type { Check } from "../check";
import { fail, NotChecked, pass, warn } from "../line";

/** From here on, something is wrong with the time of one of the two. */
const WARN_SECONDS = 30;
/** Certificates that Talos has just made are not valid yet, and R2 refuses requests from 15 minutes on. */
const FAIL_SECONDS = 300;

export const clockCheck: Check = {
  name: "clock",
  about: "this machine's clock, against that of Proxmox",
  async run({ proxmox, now }) {
    await proxmox.reachable();
    const { date } = await proxmox.version();
    if (!date) throw new NotChecked("Proxmox sends no Date", "compare with the clock of the host yourself");
    const seconds = Math.round((now().getTime() - date.getTime()) / 1000);
    const text = `this machine's clock is ${Math.abs(seconds)} s ${seconds < 0 ? "behind" : "ahead of"} that of Proxmox`;
    const fix = "set both by NTP: timedatectl, chronyc sources";
    if (Math.abs(seconds) >= FAIL_SECONDS) return [fail(text, fix)];
    return [Math.abs(seconds) >= WARN_SECONDS ? warn(text, fix) : pass(text)];
  },
};
