/** `export NAME='value'`, for `eval` in a shell: whatever the value is, the shell takes it as it is. */
export const exportLine = (name: string, value: string): string =>
  `export ${name}='${value.replaceAll("'", "'\\''")}'`;
