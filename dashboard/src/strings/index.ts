import { en, type Strings } from "./en.ts";

/** The words of the language that is shown. */
export const strings: Strings = en;
