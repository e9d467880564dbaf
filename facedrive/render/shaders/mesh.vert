#version 330 core
// A vertex with its normal and colour; the head's turn is in the vertices already.

layout(location = 0) in vec3 position;
layout(location = NORMAL_LOC) in vec3 normal;
#ifdef TEXCOORD_0_LOC
layout(location = TEXCOORD_0_LOC) in vec2 texcoord_0;
#endif
layout(location = COLOR_0_LOC) in vec4 color_0;

uniform mat4 V;
uniform mat4 P;

out vec3 facing;
out vec4 albedo;
#ifdef TEXCOORD_0_LOC
out vec2 uv;
#endif

void main() {
    gl_Position = P * V * vec4(position, 1.0);
    facing = normal;
    albedo = color_0;
#ifdef TEXCOORD_0_LOC
    uv = texcoord_0;
#endif
}
