# Moves the blend shapes and the head of everything below it, from facedrive's OSC over UDP.
#
#     facedrive live --out osc://127.0.0.1:9000
#
# Put it on a Node3D and a face with blend shapes below that. Blend shapes are found by names of AUs
# (jaw_drop) and extras (left_mouth_frown), else by ARKit's (jawOpen, eyeBlink_L); a bone whose name
# ends in "head" turns.
extends Node3D

const Osc = preload("osc.gd")
const Shapes = preload("shapes.gd")

# Packets read a frame, so that a flood cannot hold up the game; the rest comes next frame.
const MAX_PACKETS = 256
# Extras come in packets of their own, of which some may be lost; after so many frames without any,
# the sender gives none.
const FRAMES_WITHOUT = 30

@export var port = 9000
@export var from_other_computers = false
@export var prefix = "/facedrive"

# Whether there is a face; without one the values hold, then ease to neutral.
var face_seen = false
# The newest AUs, extras and gaze by name, 0 to 1.
var inputs = {}
# The head's rotation: +x to the subject's left, +y up, +z out of the face, as in glTF.
var turn = Quaternion()

var _frames_without_extras = FRAMES_WITHOUT
var _socket = PacketPeerUDP.new()
var _shapes = [] # [mesh instance, property, shares] each
var _heads = [] # [skeleton, bone, rest, rest of what it hangs on] each


func _ready():
	if _socket.bind(port, "*" if from_other_computers else "127.0.0.1") != OK:
		push_error("UDP port %d cannot be listened on; end the program that has it, " % port
				+ "or choose another port.")
		set_process(false)
	_find(self)


func _exit_tree():
	_socket.close()


func _process(_delta):
	for _packet in range(MAX_PACKETS):
		if _socket.get_available_packet_count() == 0:
			break
		for message in Osc.read(_socket.get_packet()):
			_take(message[0], message[1])
	if _frames_without_extras == FRAMES_WITHOUT:
		_merge(Shapes.derived(inputs))
	for shape in _shapes:
		shape[0].set(shape[1], Shapes.mix(shape[2], inputs))
	for head in _heads:
		var local = head[3].inverse() * turn * head[3] * head[2]
		head[0].set_bone_pose_rotation(head[1], local)


func _take(address, numbers):
	if not address.begins_with(prefix + "/"):
		return
	var what = address.substr(prefix.length() + 1)
	var count = numbers.size()
	if what == "face" and count == 1:
		face_seen = numbers[0] != 0
		_frames_without_extras = min(_frames_without_extras + 1, FRAMES_WITHOUT)
	elif what.begins_with("au/") and count == 1:
		inputs[what.substr(3)] = clamp(numbers[0], 0.0, 1.0)
	elif what.begins_with("extra/") and count == 1:
		inputs[what.substr(6)] = clamp(numbers[0], 0.0, 1.0)
		_frames_without_extras = 0
	elif what == "gaze/left" and count == 2:
		_merge(Shapes.gaze("left", numbers[0], numbers[1]))
	elif what == "gaze/right" and count == 2:
		_merge(Shapes.gaze("right", numbers[0], -numbers[1]))
	elif what == "head/rotation" and count == 4:
		var newest = Quaternion(numbers[0], numbers[1], numbers[2], numbers[3])
		if newest.length() > 1e-6:
			turn = newest.normalized()


func _merge(values):
	for input in values:
		inputs[input] = values[input]


func _find(node):
	if node is MeshInstance3D and node.mesh is ArrayMesh:
		var names = []
		for index in range(node.mesh.get_blend_shape_count()):
			names.append(str(node.mesh.get_blend_shape_name(index)))
		var found = Shapes.find(names)
		for shape in found:
			_shapes.append([node, "blend_shapes/" + shape, found[shape]])
	elif node is Skeleton3D:
		_find_head(node)
	for child in node.get_children():
		_find(child)


# The head turns in the skeleton's axes, not in those of the bone that it hangs on.
func _find_head(skeleton):
	for bone in range(skeleton.get_bone_count()):
		if Shapes.plain(skeleton.get_bone_name(bone)).ends_with("head"):
			var above = skeleton.get_bone_parent(bone)
			var hangs_on = Quaternion()
			if above >= 0:
				hangs_on = skeleton.get_bone_global_rest(above).basis.get_rotation_quaternion()
			var rest = skeleton.get_bone_rest(bone).basis.get_rotation_quaternion()
			_heads.append([skeleton, bone, rest, hangs_on])
			return
