// Moves the blend shapes of a face, and a head, from facedrive's OSC over UDP. No package needed.
//
//     facedrive live --out osc://127.0.0.1:9000
//
// Put it on any object and drag the face's SkinnedMeshRenderer into Faces. Blend shapes are found
// by names of AUs (jaw_drop) and extras (left_mouth_frown), else by ARKit's (jawOpen, eyeBlink_L).

using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Text;
using UnityEngine;

public sealed class FacedriveReceiver : MonoBehaviour
{
    // Packets read a frame, so that a flood cannot hold up the game; the rest comes next frame.
    private const int MaxPackets = 256;
    private const int MaxDepth = 8;

    public int port = 9000;
    [Tooltip("Receive from other computers too, not from this one only.")]
    public bool fromOtherComputers = false;
    public string prefix = "/facedrive";
    public SkinnedMeshRenderer[] faces = new SkinnedMeshRenderer[0];
    [Tooltip("Turns with the head, from how it is at the start. Its parent must face along +z.")]
    public Transform head;

    private readonly byte[] buffer = new byte[65536];
    private readonly List<float> numbers = new List<float>();
    private FacedriveFace face;
    private UdpClient socket;

    // Whether there is a face; without one the values hold, then ease to neutral.
    public bool FaceSeen { get { return face != null && face.Seen; } }

    // The newest AUs, extras and gaze by name, 0 to 1.
    public IReadOnlyDictionary<string, float> Inputs { get { return face == null ? null : face.Inputs; } }

    private void OnEnable()
    {
        var address = fromOtherComputers ? IPAddress.Any : IPAddress.Loopback;
        try
        {
            socket = new UdpClient(new IPEndPoint(address, port));
        }
        catch (SocketException error)
        {
            Debug.LogError("UDP port " + port + " cannot be listened on: " + error.Message
                + " Stop the program that has it, or choose another port.");
            enabled = false;
            return;
        }
        socket.Client.Blocking = false;
        face = new FacedriveFace(prefix, faces, head);
    }

    private void OnDisable()
    {
        if (socket == null) return;
        socket.Close();
        socket = null;
        face.LetGo();
    }

    // After animations, which would otherwise overwrite the face.
    private void LateUpdate()
    {
        Receive();
        face.Show();
    }

    // Takes what has come without waiting; the newest value of each address wins.
    private void Receive()
    {
        // Not socket.Available: it is 0 for an empty packet, which would then never be taken.
        for (var i = 0; i < MaxPackets && socket.Client.Poll(0, SelectMode.SelectRead); i++)
        {
            int size;
            try
            {
                size = socket.Client.Receive(buffer);
            }
            catch (SocketException)
            {
                return; // the network's complaint about a packet; the next frame tries again
            }
            ReadPacket(0, size, 0);
        }
    }

    // Reads a bundle, nested or not, or a message; what is no OSC is skipped.
    private void ReadPacket(int start, int end, int depth)
    {
        if (end - start < 16 || buffer[start] != '#')
        {
            ReadMessage(start, end);
            return;
        }
        var at = start + 16; // past "#bundle" and the time tag
        while (depth < MaxDepth && at + 4 <= end)
        {
            var size = ReadInt(at);
            at += 4;
            if (size <= 0 || size > end - at) return;
            ReadPacket(at, at + size, depth + 1);
            at += size;
        }
    }

    private void ReadMessage(int start, int end)
    {
        var at = start;
        var address = ReadText(ref at, end);
        var types = ReadText(ref at, end);
        if (address == null || types == null || !types.StartsWith(",", StringComparison.Ordinal)) return;
        var count = types.Length - 1;
        if (at + 4 * count > end) return;
        numbers.Clear();
        for (var i = 0; i < count; i++)
        {
            if (types[i + 1] != 'f' && types[i + 1] != 'i') return;
            numbers.Add(types[i + 1] == 'i' ? ReadInt(at + 4 * i) : ReadFloat(at + 4 * i));
        }
        face.Take(address, numbers);
    }

    private int ReadInt(int at)
    {
        return buffer[at] << 24 | buffer[at + 1] << 16 | buffer[at + 2] << 8 | buffer[at + 3];
    }

    private float ReadFloat(int at)
    {
        return BitConverter.ToSingle(BitConverter.GetBytes(ReadInt(at)), 0);
    }

    // Reads up to a zero byte and moves on to the next multiple of four; null if there is none.
    private string ReadText(ref int at, int end)
    {
        if (at >= end) return null;
        var zero = Array.IndexOf(buffer, (byte)0, at, end - at);
        if (zero < 0) return null;
        var text = Encoding.ASCII.GetString(buffer, at, zero - at);
        at += (zero - at) / 4 * 4 + 4;
        return text;
    }
}
