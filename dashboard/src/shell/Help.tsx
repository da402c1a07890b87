import { Kbd, Modal } from "@mantine/core";
import { strings } from "../strings/index.ts";
import classes from "./Help.module.css";

const { keys } = strings.help;
const GROUPS: { title: string; rows: [string[], string][] }[] = [
  {
    title: strings.help.everywhere,
    rows: [[["?"], keys.help]],
  },
  {
    title: strings.help.list,
    rows: [
      [["/"], keys.search],
      [["J", "K"], strings.help.keys.down],
      [["Enter"], keys.open],
    ],
  },
  {
    title: strings.help.call,
    rows: [
      [["Space"], keys.play],
      [["←", "→"], keys.seek],
      [["J", "K"], keys.down],
      [["N", "P"], keys.findings],
      [["+", "−", "0"], keys.zoom],
      [["1", "2", "3"], keys.sides],
      [["W"], keys.whatIf],
      [["[", "]"], keys.walk],
    ],
  },
];

/** All keys of the pages. */
export function Help({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={strings.help.title}
      closeButtonProps={{ "aria-label": strings.words.close }}
    >
      {GROUPS.map(({ title, rows }) => (
        <section key={title} className={classes.group}>
          <h3>{title}</h3>
          <dl>
            {rows.map(([pressed, does]) => (
              <div key={does}>
                <dt>
                  {pressed.map((key) => (
                    <Kbd key={key}>{key}</Kbd>
                  ))}
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Modal>
  );
}
