// Moves the blend shapes of a face, and a head, from facedrive's OSC through uOSC, which other
// components can share.
//
//     facedrive live --out osc://127.0.0.1:9000
//
// Put it on the object that has the uOSC server, set that to port 9000, and drag the face's
// SkinnedMeshRenderer into Faces. Blend shapes are found by names of AUs (jaw_drop) and extras
// (left_mouth_frown), else by ARKit's (jawOpen, eyeBlink_L).

using System.Collections.Generic;
using UnityEngine;
using uOSC;

[RequireComponent(typeof(uOscServer))]
public sealed class FacedriveUosc : MonoBehaviour
{
    public string prefix = "/facedrive";
    public SkinnedMeshRenderer[] faces = new SkinnedMeshRenderer[0];
    [Tooltip("Turns with the head, from how it is at the start. Its parent must face along +z.")]
    public Transform head;

    private readonly List<float> numbers = new List<float>();
    private FacedriveFace face;

    // Whether there is a face; without one the values hold, then ease to neutral.
    public bool FaceSeen { get { return face != null && face.Seen; } }

    // The newest AUs, extras and gaze by name, 0 to 1.
    public IReadOnlyDictionary<string, float> Inputs { get { return face == null ? null : face.Inputs; } }

    private void OnEnable()
    {
        face = new FacedriveFace(prefix, faces, head);
        GetComponent<uOscServer>().onDataReceived.AddListener(Take);
    }

    private void OnDisable()
    {
        GetComponent<uOscServer>().onDataReceived.RemoveListener(Take);
        face.LetGo();
    }

    // After animations, which would otherwise overwrite the face.
    private void LateUpdate()
    {
        face.Show();
    }

    // uOSC calls it on the main thread.
    private void Take(Message message)
    {
        numbers.Clear();
        foreach (var value in message.values)
        {
            if (value is float) numbers.Add((float)value);
            else if (value is int) numbers.Add((int)value);
            else return;
        }
        face.Take(message.address, numbers);
    }
}
