export const Logo = () => (
	<svg aria-hidden viewBox="0 0 28 28" className="size-7 shrink-0">
		<rect width="28" height="28" rx="8" className="fill-accent" />
		<path d="M7 10.5h14M7 14.5h10M7 18.5h6" className="stroke-on-accent" strokeWidth="2.2" strokeLinecap="round" />
		<circle cx="20" cy="18" r="2.3" className="fill-on-accent" />
	</svg>
)
