import type { Order } from '@/api/client'
import { RowStore } from '@/tables/store'
import { fields } from './fields'

export const orderStore = new RowStore<Order>(fields)
