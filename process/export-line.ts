/** `export NAME='value'`, for `eval` in a shell. The value is quoted: the shell expands nothing in it. */
export const exportLine = (name: string, value: string): string =>
  `export ${name}='${value.replaceAll("'", "'\\''")}'`;
