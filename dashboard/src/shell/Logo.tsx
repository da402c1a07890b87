/** Two voices taking turns. */
export function Logo({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#10161f" />
      <g strokeWidth="3" strokeLinecap="round">
        <path d="M7 14v4M12 9v10M17 12v4" stroke="#f0962e" />
        <path d="M17 17v4M22 13v10M27 15v3" stroke="#22b8a4" />
      </g>
    </svg>
  );
}
