/** A line as small as a word, hidden from screen readers: its numbers are beside it or in a table. */
export function Sparkline({
	values,
	className,
	width = 96,
	height = 28,
}: {
	values: number[]
	className?: string
	width?: number
	height?: number
}) {
	const most = Math.max(1, ...values)
	const least = Math.min(0, ...values)
	const step = width / Math.max(1, values.length - 1)
	const points = values.map(
		(value, i) => [i * step, height - 2 - ((height - 4) * (value - least)) / (most - least)] as const,
	)
	const line = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')
	const last = points.at(-1)
	return (
		<svg
			aria-hidden
			viewBox={`0 0 ${width} ${height}`}
			width={width}
			height={height}
			preserveAspectRatio="none"
			className={className}
		>
			<polygon points={`0,${height} ${line} ${width},${height}`} fill="currentColor" opacity="0.1" />
			<polyline
				points={line}
				fill="none"
				stroke="currentColor"
				strokeWidth="1.5"
				strokeLinejoin="round"
				strokeLinecap="round"
				vectorEffect="non-scaling-stroke"
			/>
			{last && <circle cx={last[0] - 1.5} cy={last[1]} r="2" fill="currentColor" />}
		</svg>
	)
}
