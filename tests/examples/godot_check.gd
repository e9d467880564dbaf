# Shows a face to facedrive.gd and prints what became of it. FACEDRIVE_CHECK has the port and the
# names of the face's blend shapes, with commas between.
extends SceneTree

const Facedrive = preload("facedrive.gd")

var face = Facedrive.new()
var instance = MeshInstance3D.new()
var names = []
var waited = 0.0
var shown = 0.0


func _init():
	var words = OS.get_environment("FACEDRIVE_CHECK").split(",")
	for i in range(1, words.size()):
		names.append(words[i])
	instance.mesh = triangle(names)
	var model = Node3D.new() # a face is seldom the first thing below
	model.add_child(instance)
	face.add_child(model)
	face.port = int(words[0])
	get_root().call_deferred("add_child", face)


func _process(delta):
	waited += delta
	if not face.face_seen and waited < 30:
		return
	shown += delta
	if shown < 0.2: # extras come in a packet after that of their frame
		return
	print(face.turn.x, " ", face.turn.y, " ", face.turn.z, " ", face.turn.w)
	for shape in names:
		print(instance.get("blend_shapes/" + shape))
	quit()


func triangle(shapes):
	var mesh = ArrayMesh.new()
	for shape in shapes:
		mesh.add_blend_shape(shape)
	var arrays = []
	arrays.resize(Mesh.ARRAY_MAX)
	arrays[Mesh.ARRAY_VERTEX] = PackedVector3Array([Vector3(0, 0, 0), Vector3(1, 0, 0), Vector3(0, 1, 0)])
	var moved = []
	for _shape in shapes:
		moved.append(arrays if Engine.get_version_info().major == 3 else arrays.slice(0, 3))
	mesh.add_surface_from_arrays(Mesh.PRIMITIVE_TRIANGLES, arrays, moved)
	return mesh
