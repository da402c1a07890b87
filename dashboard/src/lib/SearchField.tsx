import { TextInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { SearchIcon } from "./icons.tsx";
import { useKeys } from "./keys.ts";

/** A search goes out when the person pauses in typing, not with each letter. */
const TYPING_MS = 150;

interface Props {
  label: string;
  /** What is searched for now, by the address. */
  value: string;
  change: (value: string) => void;
  width?: number | string;
}

/** A field that narrows a list. The key `/` goes to it. */
export function SearchField({ label, value, change, width = 250 }: Props) {
  const [typed, setTyped] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  const sent = useRef(value);
  useKeys({ "/": () => field.current?.focus() });
  // The address may change without us: by going back, or by a button that clears the search.
  useEffect(() => {
    if (value !== sent.current) setTyped(value);
    sent.current = value;
  }, [value]);
  useEffect(() => {
    if (typed.trim() === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = typed.trim();
      change(sent.current);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, change]);
  return (
    <TextInput
      ref={field}
      type="search"
      aria-label={label}
      placeholder={label}
      leftSection={<SearchIcon size={14} aria-hidden />}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && field.current?.blur()}
      size="xs"
      w={width}
    />
  );
}
