import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { CallFilter } from "../../api/calls.ts";
import type { CallRow } from "../../api/types.ts";
import { CallStatus } from "../../lib/CallStatus.tsx";
import { count, day, lasting, money, NONE, phone, timeOfDay } from "../../lib/format.ts";
import { IncomingIcon, OutgoingIcon } from "../../lib/icons.tsx";
import { SeverityIcon } from "../../lib/SeverityIcon.tsx";
import { strings } from "../../strings/index.ts";
import classes from "./CallsTable.module.css";
import { WaitBars } from "./WaitBars.tsx";

interface Props {
  row: CallRow;
  index: number;
  isAt: boolean;
  list: CallFilter | undefined;
}

/** A call in the list. All of the row leads to the call, by one link that is stretched over it. */
export const CallsTableRow = memo(function CallsTableRow({ row, index, isAt, list }: Props) {
  const inbound = row.direction === "inbound";
  const Direction = inbound ? IncomingIcon : OutgoingIcon;
  return (
    <tr data-row={index} data-at={isAt || undefined}>
      <td className={classes.when}>
        {timeOfDay(row.created_at)} <span>{day(row.created_at)}</span>
      </td>
      <td className={classes.who}>
        <Direction size={13} role="img" aria-label={inbound ? strings.calls.inbound : strings.calls.outbound} />
        <Link to="/calls/$id" params={{ id: row.id }} search={{ list }} className={classes.link}>
          {row.number ? phone(row.number) : (strings.numberless[row.provider] ?? row.provider)}
        </Link>
      </td>
      <td>
        <CallStatus status={row.status} />
      </td>
      <td className={classes.agent}>{row.agent_name}</td>
      <td className={classes.number}>{row.talk_ms ? lasting(row.talk_ms) : NONE}</td>
      <td className={classes.number}>{row.turns ? count(row.turns) : NONE}</td>
      <td className={classes.wait}>
        <WaitBars waitsMs={row.waits_ms} medianMs={row.wait_p50_ms} worstMs={row.wait_max_ms} />
      </td>
      <td className={classes.number}>{money(row.cost)}</td>
      <td>
        <span className={classes.findings}>
          {row.findings.map(({ rule, severity }) => (
            <span key={rule} title={strings.rules[rule] ?? rule}>
              <SeverityIcon severity={severity} />
            </span>
          ))}
        </span>
      </td>
      <td className={classes.ended} title={row.ended_reason ?? undefined}>
        {row.ended_reason}
      </td>
    </tr>
  );
});
