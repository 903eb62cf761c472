/** Whether an address is on this machine, so that nobody can listen to what goes there. */
export const isLoopback = ({ hostname }: URL): boolean =>
  /^((.+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(hostname);
