/** A list as the API takes it: separated by commas, semicolons or blanks. */
export const splitList = (text: string | undefined): readonly string[] =>
  (text ?? "").split(/[,;\s]+/).filter(Boolean);
