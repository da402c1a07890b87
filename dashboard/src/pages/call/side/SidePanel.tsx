import { Tabs } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { Execution } from "../../../api/types.ts";
import { TABS, type Tab } from "../../../search.ts";
import { strings } from "../../../strings/index.ts";
import { useCall } from "../context.ts";
import { Facts } from "./Facts.tsx";
import { FindingList } from "./FindingList.tsx";
import { Log } from "./Log.tsx";
import { Money } from "./Money.tsx";
import classes from "./SidePanel.module.css";

/** What was found, what it cost, what is known, and every entry of the log. */
export function SidePanel({ execution }: { execution: Execution | undefined }) {
  const { timeline } = useCall();
  const { tab } = useSearch({ from: "/shell/calls/$id" });
  const navigate = useNavigate({ from: "/calls/$id" });
  const shown = tab ?? (timeline.answered_ms === null ? "facts" : "findings");
  const labels: Record<Tab, string> = {
    findings: timeline.findings.length ? strings.findings.count(timeline.findings.length) : strings.findings.tab,
    money: strings.money.tab,
    facts: strings.factsTab.tab,
    log: strings.log.tab,
  };
  return (
    <Tabs
      className={classes.panel}
      value={shown}
      onChange={(next) => void navigate({ search: (now) => ({ ...now, tab: next as Tab }), replace: true })}
      keepMounted={false}
    >
      <Tabs.List>
        {TABS.map((name) => (
          <Tabs.Tab key={name} value={name}>
            {labels[name]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="findings">
        <FindingList />
      </Tabs.Panel>
      <Tabs.Panel value="money">
        <Money execution={execution} />
      </Tabs.Panel>
      <Tabs.Panel value="facts">{execution && <Facts execution={execution} />}</Tabs.Panel>
      <Tabs.Panel value="log">
        <Log />
      </Tabs.Panel>
    </Tabs>
  );
}
