/** A sentence of the server, in which code stands in backticks. */
export function WithCode({ text }: { text: string }) {
  return text.split("`").map((part, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a sentence do not move
    index % 2 ? <code key={index}>{part}</code> : part,
  );
}
