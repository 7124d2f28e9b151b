/*
 * The fields of orders, in the order of their columns. Editors, filters, columns, bulk
 * edits, the history and the views are drawn from them. Their names are those in the
 * API's description, which the compiler checks.
 */
import { CircleDot, Flag } from 'lucide-react'
import type { Order, OrderChange } from '@/api/client'
import type { Field, OptionField, PlainField, Row } from '@/tables/descriptor'
import { PriorityLabel, StatusBadge } from '@/ui/badges'

/** The editable fields are those that a change may name. */
type Editable = keyof OrderChange
type Plain = Exclude<keyof Order, keyof Row | Editable> | 'id'

export const fields = {
	orderId: { kind: 'key', title: 'Order', name: 'Order ID', width: 184 },
	customer: { kind: 'text', title: 'Customer', width: null, exact: true },
	status: {
		kind: 'option',
		title: 'Status',
		width: 150,
		icon: CircleDot,
		shortcut: 'e',
		none: 'No status',
		badge: true,
		own: ['Pending', 'Processing', 'Shipped', 'Delivered', 'Cancelled'],
		show: status => <StatusBadge status={status} />,
	},
	priority: {
		kind: 'option',
		title: 'Priority',
		width: 124,
		icon: Flag,
		shortcut: 'p',
		none: 'None',
		own: ['High', 'Medium', 'Low'],
		show: priority => <PriorityLabel priority={priority} />,
	},
	orderTotal: { kind: 'money', title: 'Total', width: 124, range: ['minTotal', 'maxTotal'] },
	createdAt: { kind: 'instant', title: 'Created', width: 152, range: ['createdFrom', 'createdTo'] },
	updatedAt: { kind: 'instant', title: 'Updated', width: 152, range: ['updatedFrom', 'updatedTo'], follows: true },
	id: { kind: 'id', title: 'Record', width: 190, hidden: true },
} as const satisfies Record<Editable, OptionField> & Record<Plain, PlainField> & Record<string, Field>
