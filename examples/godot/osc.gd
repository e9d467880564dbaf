# Reads OSC packets: bundles, nested or not, and messages whose arguments are all numbers.
#
# Written so that Godot 3 runs it too.
extends Object

const MAX_DEPTH = 8


# Returns an [address, numbers] for each message in a packet; what is no OSC is left out.
static func read(packet):
	var buffer = StreamPeerBuffer.new()
	buffer.data_array = packet
	buffer.big_endian = true
	var messages = []
	_read_element(buffer, packet, 0, packet.size(), 0, messages)
	return messages


static func _read_element(buffer, packet, start, end, depth, messages):
	if end - start < 16 or packet[start] != 35: # "#bundle" and the time tag
		_read_message(buffer, packet, start, end, messages)
		return
	var at = start + 16
	while depth < MAX_DEPTH and at + 4 <= end:
		buffer.seek(at)
		var size = buffer.get_32()
		at += 4
		if size <= 0 or size > end - at:
			return
		_read_element(buffer, packet, at, at + size, depth + 1, messages)
		at += size


static func _read_message(buffer, packet, start, end, messages):
	var address_end = _find_zero(packet, start, end)
	var types_start = _past_padding(start, address_end)
	var types_end = _find_zero(packet, types_start, end)
	if address_end < 0 or types_end <= types_start or packet[types_start] != 44: # ","
		return
	var at = _past_padding(types_start, types_end)
	if at + 4 * (types_end - types_start - 1) > end:
		return
	buffer.seek(at)
	var numbers = []
	for place in range(types_start + 1, types_end):
		var number = _read_number(buffer, packet[place])
		if number == null:
			return
		numbers.append(number)
	buffer.seek(start)
	messages.append([buffer.get_string(address_end - start), numbers])


# Returns the next int or float; null for another type, and for what is no finite number.
static func _read_number(buffer, type):
	if type == 105: # "i"
		return float(buffer.get_32())
	if type != 102: # "f"
		return null
	var number = buffer.get_float()
	return null if is_nan(number) or is_inf(number) else number


# Returns where the text that begins here ends; -1 if it does not.
static func _find_zero(packet, start, end):
	var at = start
	while start >= 0 and at < end:
		if packet[at] == 0:
			return at
		at += 1
	return -1


# Texts are padded with zeros, at least one, to a multiple of four.
static func _past_padding(start, zero):
	return -1 if zero < 0 else zero + 4 - (zero - start) % 4
