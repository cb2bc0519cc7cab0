// Orthanc Explorer 1: a section "Send queue" on the pages of patients, studies, series and instances, and a link from
// home.
//
// Invariants:
// - It is run in Orthanc's own page, with the jQuery and jQuery Mobile 1.1 of that page: only its own names, nothing
//   global.
// - Whatever comes from the server goes through text() and attr(): never markup.
// - If the queue does not answer, Explorer works as before.
(function($) {
  'use strict';

  var PAGES = { patient: 'patients', study: 'studies', series: 'series', instance: 'instances' };
  var STATES = { Failure: 'failed', Retry: 'to be tried again', Scheduled: 'waiting for its time', Pending: 'waiting', Running: 'being sent', Cancelled: 'cancelled' };
  var HELD = { Paused: 'paused', Unreachable: 'unreachable', OutsideWindow: 'its window is closed', NotConfigured: "not in Orthanc's configuration" };

  function queuePage(level, id) {
    return '../sendqueue/ui/#/' + (level ? level + '/' + encodeURIComponent(id) : '');
  }

  function ask(path, done) {
    // Not `cache: false`: the argument that it adds is unknown to the queue, and so refused.
    $.ajax({ url: '../sendqueue' + path, dataType: 'json', headers: { 'Cache-Control': 'no-cache' }, success: done });
  }

  function divider(text, failed) {
    var head = $('<li>').attr('data-role', 'list-divider').text(text);
    if (failed > 0) {
      head.append($('<span>').addClass('ui-li-count sendqueue-failures').css('color', '#b3201a')
        .attr('title', failed + ' failed').text(failed + ' failed'));
    }
    return head;
  }

  // As the queue's own page says it: "18 of 20 delivered, 2 failed, 1 waiting: unreachable".
  function inWords(found, destination) {
    var counts = found.Counts;
    var words = [found.Delivered + ' of ' + found.Instances + ' delivered'];
    $.each(STATES, function(state, name) {
      if (counts[state]) words.push(counts[state] + ' ' + name);
    });
    var held = counts.Scheduled + counts.Pending + counts.Retry > 0 && destination && HELD[destination.State];
    return words.join(', ') + (held ? ': ' + held : '');
  }

  function items(number) {
    return number + (number === 1 ? ' item' : ' items');
  }

  // The section of a page, made once, empty again for each resource.
  function section(page) {
    var list = $('#sendqueue-' + page);
    if (list.length === 0) {
      list = $('<ul>').attr({ id: 'sendqueue-' + page, 'data-role': 'listview', 'data-inset': 'true', 'data-theme': 'd', 'data-divider-theme': 'c' });
      $('#' + page + '-access').after(list);
      list.listview();
    }
    return list.empty();
  }

  function show(page, id) {
    var level = PAGES[page];
    ask('/' + level + '/' + encodeURIComponent(id), function(found) { ask('/destinations', function(destinations) {
      if ($.mobile.pageData && $.mobile.pageData.uuid !== id) return;
      var list = section(page);
      var failed = 0;
      $.each(found.Destinations, function(index, one) { failed += one.Counts.Failure; });
      list.append(divider('Send queue', failed));
      $.each(found.Destinations, function(index, one) {
        var destination = $.grep(destinations, function(other) { return other.Name === one.Destination; })[0];
        list.append($('<li>').attr('data-destination', one.Destination)
          .append($('<a>').attr({ href: queuePage(level, id), rel: 'external' })
            .append($('<h3>').text(one.Destination))
            .append($('<p>').text(inWords(one, destination)))));
      });
      if (found.Destinations.length === 0) list.append($('<li>').append($('<p>').text('Nothing of it is or was in the queue.')));
      list.append($('<li>').attr('data-icon', 'forward').append(
        $('<a>').attr({ href: '#', id: 'sendqueue-enqueue-' + page }).text('Enqueue for…')
          .click(function(event) { event.preventDefault(); choose(page, id, list, destinations); })));
      list.listview('refresh');
    }); });
  }

  // Replaces the button by a box for each destination and one button that enqueues.
  function choose(page, id, list, destinations) {
    $.ajax({ url: '../modalities', dataType: 'json', cache: false, success: function(names) {
      $.each(destinations, function(index, one) {
        if (one.State !== 'NotConfigured' && $.inArray(one.Name, names) < 0) names.push(one.Name);
      });
      var old = list.find('.sendqueue-choice').remove();
      if (old.length) {
        list.listview('refresh');
        return;
      }
      var row = $('<li>').addClass('sendqueue-choice');
      $.each(names.sort(), function(index, name) {
        row.append($('<div>').append($('<label>').append(
          $('<input>').attr({ type: 'checkbox', 'data-role': 'none', name: 'sendqueue-to', value: name }),
          $('<span>').text(' ' + name))));
      });
      if (names.length === 0) row.append($('<p>').text('There is no destination.'));
      var said = $('<p>').attr('role', 'status');
      var button = $('<button>').attr({ type: 'button', 'data-role': 'none', 'class': 'sendqueue-send' }).text('Enqueue').click(function() {
        var ticked = row.find('input:checked').map(function() { return this.value; }).get();
        if (ticked.length === 0) {
          said.text('Choose a destination first.');
          return;
        }
        button.attr('disabled', 'disabled');
        $.ajax({
          url: '../sendqueue/items', type: 'POST', dataType: 'json', contentType: 'application/json',
          data: JSON.stringify({ Resources: [id], Destinations: ticked }),
          success: function(done) {
            said.text(items(done.Enqueued) + ' enqueued' + (done.AlreadyQueued ? ', ' + items(done.AlreadyQueued) + (done.AlreadyQueued === 1 ? ' waits' : ' wait') + ' already' : '') + '.'
              + (done.Failed ? ' ' + items(done.Failed) + ' failed before and ' + (done.Failed === 1 ? 'stays' : 'stay') + ' in the error queue.' : ''));
            setTimeout(function() { show(page, id); }, 1500);
          },
          error: function(answer) {
            var why = 'Orthanc cannot be reached.';
            try { why = JSON.parse(answer.responseText).Details; } catch (error) { if (answer.status) why = 'HTTP status ' + answer.status; }
            said.text(why);
            button.removeAttr('disabled');
          }
        });
      });
      list.append(row.append(button).append(said));
      list.listview('refresh');
    } });
  }

  $.each(PAGES, function(page) {
    $('#' + page).live('pagebeforeshow', function() {
      if ($.mobile.pageData && $.mobile.pageData.uuid) show(page, $.mobile.pageData.uuid);
    });
  });

  // Back and forward between two resources of one kind show no new page.
  $(window).bind('hashchange', function() {
    var data = $.mobile.pageData;
    var page = $.mobile.activePage && $.mobile.activePage.attr('id');
    if (data && data.uuid && PAGES[page]) show(page, data.uuid);
  });

  // Home.
  $('#lookup').live('pagebeforeshow', function() {
    ask('', function(queue) {
      $('#sendqueue-home').remove();
      var failed = queue.Counts ? queue.Counts.Failure : 0;
      var link = $('<a>').attr({ id: 'sendqueue-home', href: queuePage(), rel: 'external', 'data-role': 'button', 'data-icon': 'forward', 'data-theme': failed ? 'e' : 'c' })
        .text('Send queue' + (failed ? ': ' + failed + ' failed' : ''));
      $('#lookup-form').after(link);
      link.button();
    });
  });
})(jQuery);
