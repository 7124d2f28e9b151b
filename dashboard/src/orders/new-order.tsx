import { useRef, useState } from 'react'
import { newKey, type NewOrder as NewOrderBody } from '@/api/client'
import { useHealth } from '@/api/health'
import { explain, Problem } from '@/api/problem'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { AMOUNT, amountOf, Field } from '@/ui/field'
import { choicesOf } from '@/tables/choices-of'
import { makeOrder } from './creating'
import { FieldButton } from '@/tables/field-editor'

import { fields } from './fields'
import { orders } from './table'

type Text = 'orderId' | 'customer' | 'orderTotal'

/** Fields left empty are empty in Airtable too. */
export function NewOrder({ onClose, onShow }: { onClose: () => void; onShow: (id: string) => void }) {
	const [texts, setTexts] = useState<Record<Text, string>>({ orderId: '', customer: '', orderTotal: '' })
	const [chosen, setStatus] = useState<string | null>()
	const status =
		chosen !== undefined
			? chosen
			: choicesOf(orders.useOptions(), 'status', fields.status).includes('Pending')
				? 'Pending'
				: null
	const [priority, setPriority] = useState<string | null>(null)
	const keyProblem = useHealth().data?.airtable?.createKeyProblem
	const [busy, setBusy] = useState(false)
	const [fault, setFault] = useState<unknown>(null)
	const sent = useRef({ body: '', key: '' })
	const total = texts.orderTotal.trim()
	const wrongTotal = total !== '' && !AMOUNT.test(total) ? 'An amount such as 123.45' : undefined
	const refused = new Map(fault instanceof Problem ? fault.errors.map(({ field, message }) => [field, message]) : [])
	const nothing = Object.values(texts).every(text => text.trim() === '')

	async function submit() {
		const order = {
			...(texts.orderId.trim() && { orderId: texts.orderId.trim() }),
			...(texts.customer.trim() && { customer: texts.customer.trim() }),
			...(total && { orderTotal: Number(amountOf(total)) }),
			status,
			priority,
		} as NewOrderBody
		const body = JSON.stringify(order)
		if (sent.current.body !== body) sent.current = { body, key: newKey() }
		setBusy(true)
		try {
			await makeOrder(order, sent.current.key, onShow)
			onClose()
		} catch (error) {
			// a refusal is final; a request without an answer may have taken effect, and must not twice
			if (error instanceof Problem && error.status !== 0 && error.code !== 'outcome_unknown')
				sent.current = { body: '', key: '' }
			setFault(error)
			setBusy(false)
		}
	}

	const input = (name: Text, label: string, rest: React.ComponentProps<'input'> & { 'data-first'?: true } = {}) => (
		<Field
			label={label}
			value={texts[name]}
			maxLength={200}
			autoComplete="off"
			onChange={event => setTexts({ ...texts, [name]: event.target.value })}
			error={name === 'orderTotal' ? (wrongTotal ?? refused.get(name)) : refused.get(name)}
			{...rest}
		/>
	)
	return (
		<Dialog
			open
			onClose={onClose}
			title="New order"
			description="Orderdeck creates it in Airtable and shows it here once Airtable confirms it."
		>
			<form
				className="flex min-h-0 flex-col"
				onSubmit={event => {
					event.preventDefault()
					if (!busy && !nothing && !wrongTotal) void submit()
				}}
			>
				<div className="flex flex-col gap-3 overflow-y-auto px-5 pt-1 pb-4">
					<div className="grid grid-cols-2 gap-3">
						{input('orderId', 'Order ID', { 'data-first': true, placeholder: 'ORD-009001' })}
						{input('orderTotal', 'Total', { inputMode: 'decimal', placeholder: '0.00' })}
					</div>
					{input('customer', 'Customer')}
					<div className="grid grid-cols-2 gap-3">
						<FieldButton table={orders} field="status" value={status} onChoose={setStatus} />
						<FieldButton table={orders} field="priority" value={priority} onChoose={setPriority} />
					</div>
					{keyProblem && (
						<p role="status" className="rounded-lg bg-warn-soft px-3 py-2">
							Airtable can’t take a new order now: {keyProblem}.
						</p>
					)}
					{fault !== null && (
						<p role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-bad">
							{explain(fault)}
						</p>
					)}
				</div>
				<div className="flex justify-end gap-2 border-t border-line px-5 py-3">
					<Button look="quiet" onClick={onClose}>
						Cancel
					</Button>
					<Button look="primary" type="submit" disabled={busy || nothing || wrongTotal !== undefined}>
						{busy ? 'Creating' : 'Create order'}
					</Button>
				</div>
			</form>
		</Dialog>
	)
}
