import { createTheme, type MantineColorsTuple } from "@mantine/core";

/** Blues of equal steps, of which the sixth has 4.5 : 1 with white text. */
const blue: MantineColorsTuple = [
  "#eaf0ff",
  "#d3dffd",
  "#a5bdf8",
  "#7699f3",
  "#4f7bee",
  "#2f63e6",
  "#2152d9",
  "#1743bb",
  "#123695",
  "#0e2a73",
];

/** The library's greys for dark controls, with the tint of our own. */
const dark: MantineColorsTuple = [
  "#d5dbe3",
  "#b3bcc8",
  "#919cab",
  "#5b6675",
  "#36414f",
  "#2a3340",
  "#1a212b",
  "#12171f",
  "#0d1218",
  "#0b0f15",
];

export const theme = createTheme({
  primaryColor: "blue",
  primaryShade: { light: 6, dark: 5 },
  colors: { blue, dark },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  headings: { fontWeight: "650" },
  components: {
    Modal: { styles: { title: { fontWeight: 650, fontSize: "1rem" } } },
    Drawer: { styles: { title: { fontWeight: 650, fontSize: "1rem" } } },
    // In a portal it would lie outside of every landmark.
    Tooltip: { defaultProps: { withinPortal: false } },
  },
});
